namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The weights of a decoder as float32, in one layout whatever file they come from: linear layers are [out, in], a rotary pair is (i, i + half a head),
/// norms are the factors that are multiplied with. One layer at a time is in memory.
/// </summary>
internal abstract class DecoderWeights(DecoderShape shape)
{
    public DecoderShape Shape => shape;

    /// <summary>[vocabulary, hidden].</summary>
    public abstract float[] Embedding();

    /// <summary>[vocabulary, hidden]; the embedding again where the two are tied.</summary>
    public abstract float[] Head();

    /// <summary>[hidden], the norm before the output matrix.</summary>
    public abstract float[] FinalNorm();

    public abstract DecoderLayer Layer(int index);

    /// <summary>Rotary tables [context, head / 2] for positions from 0.</summary>
    public abstract (float[] Cos, float[] Sin) RotaryTables();
}

/// <summary>The weights of one block, float32. q, k, v and gate, up read the same input, so they are kept as one matrix each.</summary>
/// <param name="AttentionNorm">[hidden]</param>
/// <param name="Qkv">[(heads + 2 · key/value heads) · head, hidden]: query, key, value.</param>
/// <param name="Output">[hidden, heads · head]</param>
/// <param name="FeedForwardNorm">[hidden]</param>
/// <param name="GateUp">[2 · feed-forward, hidden]: gate, up.</param>
/// <param name="Down">[hidden, feed-forward]</param>
internal sealed record DecoderLayer(float[] AttentionNorm, float[] Qkv, float[] Output, float[] FeedForwardNorm, float[] GateUp, float[] Down);

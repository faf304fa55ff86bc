using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// The weights of a decoder in one layout, whatever file they come from: linear layers are [out, in], a rotary pair is (i, i + half a head), norms are
/// the factors that are multiplied with, heads are filled up to <see cref="DecoderShape.HeadDimensions"/>.
/// </summary>
internal abstract class DecoderWeights(DecoderShape shape)
{
    public DecoderShape Shape => shape;

    /// <summary>The share of the linear layers' weights, from 0 to 1, that are stored in such types.</summary>
    public abstract double Share(Func<TensorType, bool> kind);

    /// <summary>[vocabulary, hidden].</summary>
    public abstract LinearWeights Embedding();

    /// <summary>[vocabulary, hidden], where it is not the embedding.</summary>
    public abstract LinearWeights Head();

    /// <summary>[hidden], the norm before the output matrix.</summary>
    public abstract float[] FinalNorm();

    public abstract DecoderLayer Layer(int index);

    /// <summary>Radians a position for each pair of a head, filled up with zeros.</summary>
    public abstract double[] RotaryFrequencies(RopeShape rope);
}

/// <summary>The weights of one block. q, k, v and gate, up read the same input, so they are one matrix each.</summary>
/// <param name="AttentionNorm">[hidden]</param>
/// <param name="Qkv">[(heads + 2 · key/value heads) · head, hidden]: query, key, value.</param>
/// <param name="Output">[hidden, heads · head]</param>
/// <param name="FeedForwardNorm">[hidden]</param>
/// <param name="GateUp">[2 · feed-forward, hidden]: gate, up.</param>
/// <param name="Down">[hidden, feed-forward]</param>
internal sealed record DecoderLayer(float[] AttentionNorm, LinearWeights Qkv, LinearWeights Output, float[] FeedForwardNorm, LinearWeights GateUp, LinearWeights Down)
{
    /// <summary>[head], of models with <see cref="DecoderShape.HeadNorms"/>.</summary>
    public float[]? QueryNorm { get; init; }

    /// <summary>[head]</summary>
    public float[]? KeyNorm { get; init; }

    /// <summary>[hidden], of models with <see cref="DecoderShape.PostNorms"/>.</summary>
    public float[]? AttentionPostNorm { get; init; }

    /// <summary>[hidden]</summary>
    public float[]? FeedForwardPostNorm { get; init; }
}

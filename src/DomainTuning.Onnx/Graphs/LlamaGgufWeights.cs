using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The weights of a llama-architecture GGUF file. It stores rotary pairs as neighbours, so the rows of query and key are un-permuted.
/// </summary>
internal sealed class LlamaGgufWeights(GgufFile file, DecoderShape shape) : DecoderWeights(shape)
{
    /// <summary>The shape that a tensor of this name must have, or null when the architecture has no such tensor.</summary>
    public static long[]? ExpectedShape(DecoderShape shape, string name)
    {
        long hidden = shape.Hidden, attention = shape.Heads * shape.HeadDimensions, keyValue = shape.KeyValueHeads * shape.HeadDimensions;
        if (name.StartsWith("blk.", StringComparison.Ordinal) && name.IndexOf('.', 4) is > 0 and var dot)
        {
            if (!int.TryParse(name.AsSpan(4, dot - 4), out var layer) || layer < 0 || layer >= shape.Layers) return null;
            return name[(dot + 1)..] switch
            {
                "attn_norm.weight" or "ffn_norm.weight" => [hidden],
                "attn_q.weight" => [attention, hidden],
                "attn_k.weight" or "attn_v.weight" => [keyValue, hidden],
                "attn_output.weight" => [hidden, attention],
                "ffn_gate.weight" or "ffn_up.weight" => [shape.FeedForward, hidden],
                "ffn_down.weight" => [hidden, shape.FeedForward],
                _ => null,
            };
        }

        return name switch
        {
            "token_embd.weight" or "output.weight" => [shape.Vocabulary, hidden],
            "output_norm.weight" => [hidden],
            "rope_freqs.weight" => [shape.HeadDimensions / 2],
            _ => null,
        };
    }

    public override float[] Embedding() => Read("token_embd.weight");

    public override float[] Head() => Read(Shape.Tied ? "token_embd.weight" : "output.weight");

    public override float[] FinalNorm() => Read("output_norm.weight");

    public override DecoderLayer Layer(int index)
    {
        string Name(string part) => $"blk.{index}.{part}.weight";
        var hidden = Shape.Hidden;
        var qkv = new float[Shape.QkvRows * hidden];
        var queryRows = Shape.Heads * Shape.HeadDimensions;
        var keyRows = Shape.KeyValueHeads * Shape.HeadDimensions;
        var query = qkv.AsSpan(0, queryRows * hidden);
        var key = qkv.AsSpan(queryRows * hidden, keyRows * hidden);
        Read(Name("attn_q"), query);
        Read(Name("attn_k"), key);
        Read(Name("attn_v"), qkv.AsSpan((queryRows + keyRows) * hidden));
        Unpermute(query, Shape.Heads);
        Unpermute(key, Shape.KeyValueHeads);

        var gateUp = new float[2 * Shape.FeedForward * hidden];
        Read(Name("ffn_gate"), gateUp.AsSpan(0, Shape.FeedForward * hidden));
        Read(Name("ffn_up"), gateUp.AsSpan(Shape.FeedForward * hidden));
        return new DecoderLayer(Read(Name("attn_norm")), qkv, Read(Name("attn_output")), Read(Name("ffn_norm")), gateUp, Read(Name("ffn_down")));
    }

    /// <summary>
    /// Rotary tables [context, head / 2] for positions from 0. Llama 3's rescaled frequencies are the tensor rope_freqs.weight, by which each
    /// inverse frequency is divided.
    /// </summary>
    public override (float[] Cos, float[] Sin) RotaryTables()
    {
        var half = Shape.HeadDimensions / 2;
        var factors = file.TryGetTensor("rope_freqs.weight", out _) ? Read("rope_freqs.weight") : null;
        var cos = new float[Shape.ContextTokens * half];
        var sin = new float[cos.Length];
        for (var i = 0; i < half; i++)
        {
            var frequency = 1 / Math.Pow(Shape.RopeBase, 2.0 * i / Shape.HeadDimensions) / Shape.RopeScale / (factors?[i] ?? 1);
            for (var position = 0; position < Shape.ContextTokens; position++)
                (sin[position * half + i], cos[position * half + i]) = ((float, float))Math.SinCos(position * frequency);
        }

        return (cos, sin);
    }

    /// <summary>GGUF stores rotary pairs as neighbours: its row 2i was row i, its row 2i + 1 was row i + half, within each head.</summary>
    private void Unpermute(Span<float> rows, int heads)
    {
        var columns = Shape.Hidden;
        var half = Shape.HeadDimensions / 2;
        var head = new float[Shape.HeadDimensions * columns];
        for (var h = 0; h < heads; h++)
        {
            var target = rows.Slice(h * head.Length, head.Length);
            target.CopyTo(head);
            for (var i = 0; i < half; i++)
            {
                head.AsSpan(2 * i * columns, columns).CopyTo(target[(i * columns)..]);
                head.AsSpan((2 * i + 1) * columns, columns).CopyTo(target[((i + half) * columns)..]);
            }
        }
    }

    private float[] Read(string name) => file.Read(file.Tensor(name));

    private void Read(string name, Span<float> destination)
    {
        var tensor = file.Tensor(name);
        if (tensor.Elements != destination.Length)
            throw new CheckpointException($"'{file.Path}' holds {tensor}; {destination.Length} values were expected. Fetch the file again.");
        file.ReadRows(tensor, 0, destination);
    }
}

using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>Writes all weights of a model in one form into a weights file, layer by layer.</summary>
internal static class WeightPacking
{
    private const string Last = "ffn_down";

    /// <param name="form">Not Auto.</param>
    /// <param name="peaks">Smooths with these, one a layer; the scales are stored beside the weights, because adapters see the smoothed inputs.</param>
    /// <param name="progress">Called with the share of layers written.</param>
    public static void Run(DecoderWeights weights, WeightsFile file, WeightForm form, IReadOnlyList<ActivationPeaks>? peaks = null, Action<double>? progress = null)
    {
        var shape = weights.Shape;
        AppendRotary(file, "", weights.RotaryFrequencies(shape.Rope), shape.ContextTokens);
        if (shape.WindowRope is not null) AppendRotary(file, DecoderGraph.WindowSuffix, weights.RotaryFrequencies(shape.WindowRope), shape.ContextTokens);
        VocabularyTables.Pack(file, weights, form);
        for (var i = 0; i < shape.Layers; i++)
        {
            Append(file, $"blk.{i}.", weights.Layer(i), form, peaks?[i], shape);
            progress?.Invoke((i + 1.0) / shape.Layers);
        }

        file.Append("output_norm", [shape.Hidden], weights.FinalNorm());
    }

    private static void Append(WeightsFile file, string p, DecoderLayer layer, WeightForm form, ActivationPeaks? peaks, DecoderShape shape)
    {
        if (file.Packed.Linears.ContainsKey(p + Last)) return; // an earlier try came this far; the scales of smoothing come out the same
        void Norm(string name, float[]? norm)
        {
            if (norm is not null) file.Append(p + name, [norm.Length], norm);
        }

        if (peaks is not null) Smoothing.Apply(layer, peaks, shape, file.CancellationToken).Store(file, p);
        Norm("attn_norm", layer.AttentionNorm);
        Norm("attn_q_norm", layer.QueryNorm);
        Norm("attn_k_norm", layer.KeyNorm);
        Norm("attn_post_norm", layer.AttentionPostNorm);
        Norm("ffn_norm", layer.FeedForwardNorm);
        Norm("ffn_post_norm", layer.FeedForwardPostNorm);

        // Down reads the most uneven input of a layer, few large values among many small ones, and q, k, v the next; one scale a token holds them badly.
        // Of the squared error that W8A8 everywhere puts on log-probabilities, down alone makes 38 %, q, k, v 29 %, gate and up 20 %, output 3 %.
        file.AppendLinear(Kind(form, layer.Qkv, uneven: true), p + "attn_qkv", layer.Qkv);
        file.AppendLinear(Kind(form, layer.Output, uneven: false), p + "attn_output", layer.Output);
        file.AppendLinear(Kind(form, layer.GateUp, uneven: false), p + "ffn_gate_up", layer.GateUp);
        file.AppendLinear(Kind(form, layer.Down, uneven: true), p + Last, layer.Down);
    }

    private static LinearKind Kind(WeightForm form, LinearWeights w, bool uneven) => form switch
    {
        WeightForm.Float32 => LinearKind.Float32,
        WeightForm.Blocks8 => LinearKind.Blocks8,
        WeightForm.W8A8 => uneven ? LinearKind.Blocks8 : LinearKind.W8A8,
        // What the checkpoint keeps in finer blocks than 4 bits (Q4_K files do so for some layers) stays finer here.
        WeightForm.Blocks4 => w.Columns % NibbleBlocks.Size == 0 && (w.AreFloats || (w.StoredType is { } type && NibbleBlocks.Holds(type))) ? LinearKind.Blocks4 : LinearKind.Blocks8,
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "Auto must be resolved before weights are written."),
    };

    private static void AppendRotary(WeightsFile file, string suffix, double[] frequencies, int positions)
    {
        var cos = new float[(long)positions * frequencies.Length];
        var sin = new float[cos.Length];
        Parallel.For(0, positions, position =>
        {
            for (var i = 0; i < frequencies.Length; i++)
                (sin[position * frequencies.Length + i], cos[position * frequencies.Length + i]) = ((float, float))Math.SinCos(position * frequencies[i]);
        });
        file.Append("cos" + suffix, [positions, frequencies.Length], cos);
        file.Append("sin" + suffix, [positions, frequencies.Length], sin);
    }
}

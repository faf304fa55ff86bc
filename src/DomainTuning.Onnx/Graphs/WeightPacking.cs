namespace DomainTuning.Onnx.Graphs;

/// <summary>Writes all weights of a model in one form into a weights file, layer by layer.</summary>
internal static class WeightPacking
{
    /// <param name="form">Not Auto.</param>
    /// <param name="peaks">Smooths with these, one a layer; the scales are stored beside the weights, because adapters see the smoothed inputs.</param>
    /// <param name="progress">Called with the share of layers written.</param>
    public static void Run(DecoderWeights weights, WeightsFile file, WeightForm form, IReadOnlyList<ActivationPeaks>? peaks = null, Action<double>? progress = null)
    {
        var shape = weights.Shape;
        var blocks = form switch
        {
            WeightForm.Float32 => LinearKind.Float32,
            WeightForm.Blocks8 or WeightForm.W8A8 => LinearKind.Blocks8,
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "Auto must be resolved before weights are written."),
        };

        // Down reads the most uneven input of a layer, few large values among many small ones, and q, k, v the next; one scale a token holds them badly.
        // Of the squared error that W8A8 everywhere puts on log-probabilities, down alone makes 38 %, q, k, v 29 %, gate and up 20 %, output 3 %.
        var linear = form == WeightForm.W8A8 ? LinearKind.W8A8 : blocks;
        var (cos, sin) = weights.RotaryTables();
        file.Append("cos", [shape.ContextTokens, shape.HeadDimensions / 2], cos);
        file.Append("sin", [shape.ContextTokens, shape.HeadDimensions / 2], sin);
        VocabularyTables.Pack(file, weights, form);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = weights.Layer(i);
            var p = $"blk.{i}.";
            if (peaks is not null) Smoothing.Apply(layer, peaks[i], shape).Store(file, p);
            file.Append(p + "attn_norm", [shape.Hidden], layer.AttentionNorm);
            file.AppendLinear(blocks, p + "attn_qkv", layer.Qkv, shape.QkvRows, shape.Hidden);
            file.AppendLinear(linear, p + "attn_output", layer.Output, shape.Hidden, shape.Heads * shape.HeadDimensions);
            file.Append(p + "ffn_norm", [shape.Hidden], layer.FeedForwardNorm);
            file.AppendLinear(linear, p + "ffn_gate_up", layer.GateUp, 2 * shape.FeedForward, shape.Hidden);
            file.AppendLinear(blocks, p + "ffn_down", layer.Down, shape.Hidden, shape.FeedForward);
            progress?.Invoke((i + 1.0) / shape.Layers);
        }

        file.Append("output_norm", [shape.Hidden], weights.FinalNorm());
        file.Complete();
    }
}

using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>How large each input channel of a block's four linear inputs gets: its largest magnitude in a window of calibration text, averaged over the windows.</summary>
/// <param name="AttentionInput">[hidden], what q, k, v read.</param>
/// <param name="AttentionMix">[heads · head], what the attention's output layer reads.</param>
/// <param name="FeedForwardInput">[hidden], what gate and up read.</param>
/// <param name="Gated">[feed-forward], what down reads.</param>
internal sealed record ActivationPeaks(float[] AttentionInput, float[] AttentionMix, float[] FeedForwardInput, float[] Gated);

/// <summary>
/// What a smoothed block's four linear inputs are divided by, channel by channel. The rows of v are divided by the first value head's share of
/// <paramref name="AttentionMix"/> in each group, the rows of up by <paramref name="Gated"/>. Names of the stored tensors: "blk.{layer}.smooth.{input}", input 0 to 3 in this order.
/// </summary>
/// <param name="AttentionInput">[hidden]</param>
/// <param name="AttentionMix">[heads · head]</param>
/// <param name="FeedForwardInput">[hidden]</param>
/// <param name="Gated">[feed-forward]</param>
internal sealed record SmoothingScales(float[] AttentionInput, float[] AttentionMix, float[] FeedForwardInput, float[] Gated)
{
    /// <summary>The stored tensor's name.</summary>
    /// <param name="input">0 to 3, in the order above.</param>
    public static string Name(int layer, int input) => $"blk.{layer}.smooth.{input}";

    /// <summary>Writes the scales of the block with this prefix ("blk.3.").</summary>
    public void Store(WeightsFile file, string prefix)
    {
        float[][] all = [AttentionInput, AttentionMix, FeedForwardInput, Gated];
        for (var input = 0; input < all.Length; input++) file.Append($"{prefix}smooth.{input}", [all[input].Length], all[input]);
    }
}

/// <summary>
/// SmoothQuant (arXiv 2211.10438): each input channel j of a linear layer is divided by s_j and its weight column multiplied by s_j, with
/// s_j = max|x_j|^alpha / max|w_j|^(1 - alpha). That moves outliers from the activations, where one scale a token or block must hold them, into the weights.
/// The divisions are folded into what comes before (a norm's weight, or the rows of v and up), so in float32 nothing changes.
/// </summary>
internal static class Smoothing
{
    /// <summary>
    /// 0.5, with peaks that are the mean over windows. Measured with every layer in W8A8, mean NLL of the shipped model on the golden text (float32
    /// 3.25446): 3.25891; with 0.6 3.26045; with the largest peak of all windows instead of the mean 3.26308 and 3.25990. Runs that differ in rounding
    /// alone differ by up to 0.003, so this ranks only roughly; the calibration text ranks 0.5 and the mean first too.
    /// </summary>
    public const float Alpha = 0.5f;

    /// <summary>Smooths a block and returns what its inputs are divided by. Norms of heads and norms after a sublayer see nothing of it: v and up pass none.</summary>
    public static SmoothingScales Apply(DecoderLayer layer, ActivationPeaks peaks, DecoderShape shape, CancellationToken cancellationToken)
    {
        var attentionInput = Scales(peaks.AttentionInput, layer.Qkv.ColumnPeaks(cancellationToken));
        var feedForwardInput = Scales(peaks.FeedForwardInput, layer.GateUp.ColumnPeaks(cancellationToken));
        var gated = Scales(peaks.Gated, layer.Down.ColumnPeaks(cancellationToken));
        // All query heads of a group mix the same value head, so they share its scales.
        var values = Scales(PerValueHead(peaks.AttentionMix, shape), PerValueHead(layer.Output.ColumnPeaks(cancellationToken), shape));
        var attentionMix = Repeat(values, shape);

        TensorPrimitives.Divide(layer.AttentionNorm, attentionInput, layer.AttentionNorm);
        layer.Qkv.MultiplyColumns(attentionInput);
        layer.Qkv.DivideRows(shape.QkvRows - values.Length, values);
        layer.Output.MultiplyColumns(attentionMix);
        TensorPrimitives.Divide(layer.FeedForwardNorm, feedForwardInput, layer.FeedForwardNorm);
        layer.GateUp.MultiplyColumns(feedForwardInput);
        layer.GateUp.DivideRows(shape.FeedForward, gated); // up, not gate: the gate passes an activation
        layer.Down.MultiplyColumns(gated);
        return new SmoothingScales(attentionInput, attentionMix, feedForwardInput, gated);
    }

    private static float[] Scales(float[] activations, float[] weights)
    {
        var scales = new float[activations.Length];
        for (var j = 0; j < scales.Length; j++)
            scales[j] = Math.Clamp(MathF.Pow(MathF.Max(activations[j], 1e-5f), Alpha) / MathF.Pow(MathF.Max(weights[j], 1e-5f), 1 - Alpha), 1e-4f, 1e4f);
        return scales;
    }

    /// <summary>[heads · head] to [key/value heads · head]: the largest of each group.</summary>
    private static float[] PerValueHead(float[] perHead, DecoderShape shape)
    {
        var (head, group) = (shape.HeadDimensions, shape.Heads / shape.KeyValueHeads);
        var largest = new float[shape.KeyValueHeads * head];
        for (var i = 0; i < perHead.Length; i++)
        {
            var target = i / head / group * head + i % head;
            largest[target] = MathF.Max(largest[target], perHead[i]);
        }

        return largest;
    }

    private static float[] Repeat(float[] perValueHead, DecoderShape shape)
    {
        var (head, group) = (shape.HeadDimensions, shape.Heads / shape.KeyValueHeads);
        var repeated = new float[shape.Heads * head];
        for (var i = 0; i < repeated.Length; i++) repeated[i] = perValueHead[i / head / group * head + i % head];
        return repeated;
    }
}

using DomainTuning.Checkpoints.Decoders;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>The weights of one block as tensors. Heads have the width that the checkpoint gives them: what the engine's kernels fill up with zeros is taken off again.</summary>
internal sealed record DecoderLayerWeights(
    float[] AttentionNorm, Tensor Qkv, Tensor? QkvBias, Tensor Output, float[] FeedForwardNorm, Tensor GateUp, Tensor Down,
    float[]? QueryNorm, float[]? KeyNorm, float[]? AttentionPostNorm, float[]? FeedForwardPostNorm)
{
    public static DecoderLayerWeights Read(DecoderWeights weights, int layer, ScalarType type, CancellationToken cancellationToken)
    {
        var (stored, shape) = (weights.Layer(layer), weights.Shape);
        Tensor Read(LinearWeights linear) => DecoderLayerWeights.Read(linear, type, cancellationToken);
        var (qkv, output) = (Read(stored.Qkv), Read(stored.Output));
        var bias = stored.Qkv.Bias is { } b ? tensor(b, dtype: type) : null;
        if (shape.HeadValues != shape.HeadDimensions)
        {
            using var rows = tensor(QkvRows(shape).ToArray());
            using var columns = tensor(PlainRows(shape, shape.Heads).ToArray());
            (qkv, output, bias) = (qkv.index_select(0, rows), output.index_select(1, columns), bias?.index_select(0, rows));
        }

        return new DecoderLayerWeights(
            stored.AttentionNorm, qkv, bias, output, stored.FeedForwardNorm, Read(stored.GateUp), Read(stored.Down),
            stored.QueryNorm, stored.KeyNorm, stored.AttentionPostNorm, stored.FeedForwardPostNorm);
    }

    /// <summary>[rows, columns] of a linear layer, slice by slice.</summary>
    public static Tensor Read(LinearWeights linear, ScalarType type, CancellationToken cancellationToken)
    {
        var result = empty(linear.Rows, linear.Columns, dtype: type);
        linear.Slices((first, count, values) =>
        {
            using var scope = NewDisposeScope();
            result.narrow(0, first, count).copy_(frombuffer(values, ScalarType.Float32, (long)count * linear.Columns).view(count, linear.Columns));
        }, cancellationToken);
        linear.Release();
        return result;
    }

    private static IEnumerable<long> QkvRows(DecoderShape shape)
    {
        var both = shape.Heads + shape.KeyValueHeads;
        return RotaryRows(shape, both).Concat(PlainRows(shape, shape.KeyValueHeads).Select(row => row + (long)both * shape.HeadDimensions));
    }

    // A rotary pair is (i, i + half): each half of a head was filled up on its own.
    private static IEnumerable<long> RotaryRows(DecoderShape shape, int heads) =>
        Enumerable.Range(0, heads).SelectMany(h => Enumerable.Range(0, shape.HeadValues).Select(i =>
            (long)h * shape.HeadDimensions + i / (shape.HeadValues / 2) * (shape.HeadDimensions / 2) + i % (shape.HeadValues / 2)));

    private static IEnumerable<long> PlainRows(DecoderShape shape, int heads) =>
        Enumerable.Range(0, heads).SelectMany(h => Enumerable.Range(0, shape.HeadValues).Select(i => (long)h * shape.HeadDimensions + i));
}

using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// A model's weights with an adapter merged into them, for a conversion or an export: the adapter then costs nothing. Changing one of two tied matrices
/// unties them, because an adapter's embedding never changes the output matrix, nor the other way round.
/// </summary>
internal sealed class MergedWeights(DecoderWeights weights, LoraAdapter adapter) : DecoderWeights(Untied(weights.Shape, adapter))
{
    // What is merged is no longer what the checkpoint's blocks hold.
    public override double Share(Func<TensorType, bool> kind) => 0;

    public override LinearWeights Embedding() => Merge(weights.Embedding(), AdapterSite.Embedding, 0, adapter.Embedding);

    public override LinearWeights Head() => Merge(weights.Shape.Tied ? weights.Embedding() : weights.Head(), AdapterSite.Head, 0, adapter.Head);

    public override float[] FinalNorm() => weights.FinalNorm();

    public override double[] RotaryFrequencies(RopeShape rope) => weights.RotaryFrequencies(rope);

    public override DecoderLayer Layer(int index)
    {
        var layer = weights.Layer(index);
        return layer with
        {
            Qkv = Merge(layer.Qkv, AdapterSite.Qkv, index),
            Output = Merge(layer.Output, AdapterSite.Output, index),
            GateUp = Merge(layer.GateUp, AdapterSite.GateUp, index),
            Down = Merge(layer.Down, AdapterSite.Down, index),
        };
    }

    private static DecoderShape Untied(DecoderShape shape, LoraAdapter adapter) => shape with
    {
        Tied = shape.Tied && adapter.Embedding is null && adapter.Head is null && !adapter.Modules.Values.Any(module => module.Place.Site >= AdapterSite.Embedding),
    };

    private LinearWeights Merge(LinearWeights w, AdapterSite site, int layer, float[]? table = null)
    {
        LoraModule[] modules = [.. adapter.Modules.Values.Where(module => module.Place.Site == site && module.Place.Layer == layer)];
        if (modules.Length == 0 && table is null) return w;
        w.Change = (firstRow, values) =>
        {
            for (var i = 0; i < values.Length / w.Columns; i++)
            {
                var row = values.Slice(i * w.Columns, w.Columns);
                table?.AsSpan((firstRow + i) * w.Columns, w.Columns).CopyTo(row);
                foreach (var module in modules) Merge(module, firstRow + i, row);
            }
        };
        foreach (var module in modules) MergeBias(module, w);
        return w;
    }

    private static void Merge(LoraModule module, int row, Span<float> values)
    {
        var place = module.Place;
        row -= place.FirstRow;
        if (row < 0 || row >= place.RowOrigins.Length || place.RowOrigins[row] is not (>= 0 and var origin)) return;
        var update = new float[place.Columns];
        module.AddUpdate(origin, update);
        for (var column = 0; column < values.Length; column++)
            if (place.ColumnOrigins[column] is >= 0 and var from) values[column] += update[from];
        if (module.Magnitude is null) return;
        if (TensorPrimitives.Norm<float>(values) is > 0 and var norm) TensorPrimitives.Multiply(values, module.Magnitude[origin] / norm, values);
    }

    private static void MergeBias(LoraModule module, LinearWeights w)
    {
        if (module.Bias is null && module.UpdateBias is null) return;
        w.Bias ??= new float[w.Rows];
        for (var i = 0; i < module.Place.RowOrigins.Length; i++)
        {
            if (module.Place.RowOrigins[i] is not (>= 0 and var origin)) continue;
            ref var bias = ref w.Bias[module.Place.FirstRow + i];
            if (module.Bias is not null) bias = module.Bias[origin];
            if (module.UpdateBias is not null) bias += (float)(module.Scaling * module.UpdateBias[origin]);
        }
    }
}

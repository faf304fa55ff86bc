using System.Numerics.Tensors;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>A value for one input of a graph.</summary>
/// <param name="Shape">Outermost dimension first.</param>
internal sealed record InputTensor(string Name, long[] Shape, float[] Values);

/// <summary>
/// Turns an adapter into the inputs of one converted model's graph. Modules that the graph computes together share one A, their columns side by side,
/// and one B with a block for each. Where the weights are smoothed, A multiplies its input's scales back, and the rows of v and up are divided like the
/// base's (<see cref="SmoothingScales"/>). DoRA's row norms come from the float weights of the checkpoint.
/// </summary>
/// <param name="stored">Reads a tensor of the packed model; null where it has none of that name.</param>
/// <param name="weights">The checkpoint's; needed where <see cref="LoraAdapter.NeedsBase"/>.</param>
internal sealed class AdapterInputs(DecoderShape shape, Func<string, float[]?> stored, DecoderWeights? weights)
{
    /// <summary>Mean square difference, over mean square, up to which a stored base matrix is taken for the served one in coarser numbers. 4-bit blocks lie near 0.01.</summary>
    private const double LargestRounding = 0.03;

    public IReadOnlyList<InputTensor> Build(LoraAdapter adapter, CancellationToken cancellationToken)
    {
        CheckClaims(adapter);
        var inputs = new List<InputTensor>();
        foreach (var group in adapter.Modules.Values.GroupBy(module => (module.Place.Site, module.Place.Layer)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            inputs.AddRange(group.Key.Site == AdapterSite.Embedding ? Embedding(group.Single()) : Linear(group.Key.Site, group.Key.Layer, [.. group], cancellationToken));
        }

        foreach (var (site, table) in new[] { (AdapterSite.Embedding, adapter.Embedding), (AdapterSite.Head, adapter.Head) })
            if (table is not null) inputs.Add(new(AdapterParts.Input(AdapterParts.Name(site, 0), AdapterChange.Table), [shape.Vocabulary, shape.Hidden], table));
        return inputs;
    }

    private static IEnumerable<InputTensor> Embedding(LoraModule module)
    {
        var name = AdapterParts.Name(AdapterSite.Embedding, 0);
        float[] a = new float[module.A.Length], b = new float[module.B.Length];
        Transpose.Run<float>(module.A, a, module.Rank, module.In);
        Transpose.Run<float>(module.B, b, module.Out, module.Rank);
        TensorPrimitives.Multiply(b, (float)module.Scaling, b);
        return [new(AdapterParts.A(name), [module.In, module.Rank], a), new(AdapterParts.B(name), [module.Rank, module.Out], b)];
    }

    private List<InputTensor> Linear(AdapterSite site, int layer, IReadOnlyList<LoraModule> modules, CancellationToken cancellationToken)
    {
        var (rows, columns) = ModulePlace.SizeOf(site, shape);
        var name = AdapterParts.Name(site, layer);
        var rank = modules.Sum(module => module.Rank);
        float[] a = new float[rank * columns], b = new float[rank * rows]; // [rank, columns], [rank, rows]
        var first = 0;
        foreach (var module in modules)
        {
            Fuse(module, a.AsSpan(first * columns), b.AsSpan(first * rows), rows, columns);
            first += module.Rank;
        }

        var scale = modules.Any(module => module.Magnitude is not null) ? RowScale(site, layer, modules, a, b, rows, columns, cancellationToken) : null;
        var delta = modules.Any(module => module.Bias is not null || module.UpdateBias is not null) ? BiasDelta(site, layer, modules, rows) : null;
        var (inputScales, rowScales) = Smoothing(site, layer, rows);
        for (var k = 0; k < rank; k++)
        {
            if (inputScales is not null) TensorPrimitives.Multiply(a.AsSpan(k * columns, columns), inputScales, a.AsSpan(k * columns, columns));
            if (rowScales is not null) TensorPrimitives.Divide(b.AsSpan(k * rows, rows), rowScales, b.AsSpan(k * rows, rows));
        }

        if (rowScales is not null && delta is not null) TensorPrimitives.Divide(delta, rowScales, delta);
        var inputs = new List<InputTensor>();
        if (rank > 0)
        {
            var transposed = new float[a.Length];
            Transpose.Run<float>(a, transposed, rank, columns);
            inputs.Add(new(AdapterParts.A(name), [columns, rank], transposed));
            inputs.Add(new(AdapterParts.B(name), [rank, rows], b));
        }

        if (scale is not null) inputs.Add(new(AdapterParts.Input(name, AdapterChange.RowScale), [rows], scale));
        if (delta is not null) inputs.Add(new(AdapterParts.Input(name, AdapterChange.Bias), [rows], delta));
        return inputs;
    }

    /// <summary>Writes a module's A and scaled B into its place of the fused ones.</summary>
    private static void Fuse(LoraModule module, Span<float> a, Span<float> b, int rows, int columns)
    {
        var place = module.Place;
        for (var k = 0; k < module.Rank; k++)
        {
            for (var column = 0; column < columns; column++)
                if (place.ColumnOrigins[column] is >= 0 and var origin) a[k * columns + column] = module.A[k * module.In + origin];
            for (var row = 0; row < place.RowOrigins.Length; row++)
                if (place.RowOrigins[row] is >= 0 and var origin) b[k * rows + place.FirstRow + row] = (float)(module.Scaling * module.B[origin * module.Rank + k]);
        }
    }

    /// <summary>Magnitude over the norm of each row of W + scaling · B A (arXiv 2402.09353, with the norm as a constant).</summary>
    private float[] RowScale(AdapterSite site, int layer, IReadOnlyList<LoraModule> modules, float[] a, float[] b, int rows, int columns, CancellationToken cancellationToken)
    {
        var magnitudes = PerRow(modules, rows, module => module.Magnitude);
        var scale = new float[rows];
        Base(site, layer).Slices((start, count, values) =>
        {
            for (var i = 0; i < count; i++)
            {
                var row = start + i;
                scale[row] = 1;
                if (float.IsNaN(magnitudes[row])) continue;
                var w = values.AsSpan(i * columns, columns);
                for (var k = 0; k < a.Length / columns; k++)
                    if (b[k * rows + row] is var factor and not 0) TensorPrimitives.MultiplyAdd(a.AsSpan(k * columns, columns), factor, w, w);
                var norm = TensorPrimitives.Norm<float>(w);
                scale[row] = norm > 0 ? magnitudes[row] / norm : 1;
            }
        }, cancellationToken);
        return scale;
    }

    private float[] BiasDelta(AdapterSite site, int layer, IReadOnlyList<LoraModule> modules, int rows)
    {
        var delta = new float[rows];
        var replaced = PerRow(modules, rows, module => module.Bias);
        var added = PerRow(modules, rows, module => module.UpdateBias is null ? null : [.. module.UpdateBias.Select(value => (float)(module.Scaling * value))]);
        var original = modules.Any(module => module.Bias is not null) ? Base(site, layer).Bias : null;
        for (var row = 0; row < rows; row++)
        {
            if (!float.IsNaN(replaced[row])) delta[row] += replaced[row] - (original?[row] ?? 0);
            if (!float.IsNaN(added[row])) delta[row] += added[row];
        }

        return delta;
    }

    /// <summary>A vector that some modules have, in the rows of the fused layer; NaN elsewhere.</summary>
    private static float[] PerRow(IReadOnlyList<LoraModule> modules, int rows, Func<LoraModule, float[]?> vector)
    {
        var result = new float[rows];
        result.AsSpan().Fill(float.NaN);
        foreach (var module in modules)
            if (vector(module) is { } values)
                for (var row = 0; row < module.Place.RowOrigins.Length; row++)
                    if (module.Place.RowOrigins[row] is >= 0 and var origin) result[module.Place.FirstRow + row] = values[origin];
        return result;
    }

    private (float[]? Inputs, float[]? Rows) Smoothing(AdapterSite site, int layer, int rows)
    {
        if (site >= AdapterSite.Embedding || stored(SmoothingScales.Name(layer, (int)site)) is not { } inputs) return (null, null);
        float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];
        if (site == AdapterSite.GateUp) return (inputs, [.. Ones(shape.FeedForward), .. stored(SmoothingScales.Name(layer, 3))!]);
        if (site != AdapterSite.Qkv) return (inputs, null);
        var mix = stored(SmoothingScales.Name(layer, 1))!;
        var group = shape.Heads / shape.KeyValueHeads * shape.HeadDimensions;
        var values = shape.KeyValueHeads * shape.HeadDimensions;
        return (inputs, [.. Ones(rows - values), .. Enumerable.Range(0, values).Select(i => mix[i / shape.HeadDimensions * group + i % shape.HeadDimensions])]);
    }

    private LinearWeights Base(AdapterSite site, int layer)
    {
        var all = weights ?? throw new InvalidOperationException("The adapter needs the checkpoint's weights, which were not opened.");
        return site switch
        {
            AdapterSite.Qkv => all.Layer(layer).Qkv,
            AdapterSite.Output => all.Layer(layer).Output,
            AdapterSite.GateUp => all.Layer(layer).GateUp,
            AdapterSite.Down => all.Layer(layer).Down,
            AdapterSite.Head when !shape.Tied => all.Head(),
            _ => all.Embedding(),
        };
    }

    private void CheckClaims(LoraAdapter adapter)
    {
        foreach (var (module, claimed) in adapter.Claimed)
        {
            var (difference, square) = (0.0, 0.0);
            Base(module == ModulePlace.HeadName ? AdapterSite.Head : AdapterSite.Embedding, 0).Slices((first, count, values) =>
            {
                var own = values.AsSpan(0, count * shape.Hidden);
                square += TensorPrimitives.SumOfSquares<float>(own);
                difference += Math.Pow(TensorPrimitives.Distance<float>(own, claimed.AsSpan(first * shape.Hidden, own.Length)), 2);
            }, CancellationToken.None);
            if (difference > LargestRounding * square)
                throw new AdapterException($"The adapter '{adapter.Name}' stores another {module} of its base (base_layer.weight) than is served: it is an adapter of another model.");
        }
    }
}

using DomainTuning.Adapters;

namespace DomainTuning.Onnx.Adapters;

/// <summary>One adapter of a mix and its weight, which may be negative.</summary>
internal sealed record MixPart(LoraAdapter Adapter, double Weight);

/// <summary>
/// One adapter out of several, as PEFT's add_weighted_adapter makes it: exactly the weighted sum of their updates (<see cref="Concatenate"/>), the closest
/// to it of a smaller rank (<see cref="Truncate"/>), or the sum of the factors, which is not the sum of the updates (<see cref="AddFactors"/>).
/// </summary>
internal static class AdapterMix
{
    /// <summary>The weighted sum of the updates; the rank is the sum of the ranks.</summary>
    public static LoraAdapter Concatenate(string name, IReadOnlyList<MixPart> parts) => Mix(name, parts, modules =>
    {
        var (place, rank) = (modules[0].Module, modules.Sum(module => module.Module.Rank));
        float[] a = new float[rank * place.In], b = new float[place.Out * rank];
        var first = 0;
        foreach (var (module, weight) in modules)
        {
            var factor = (float)(weight * module.Scaling);
            for (var i = 0; i < module.A.Length; i++) a[first * module.In + i] = factor * module.A[i];
            for (var row = 0; row < module.Out; row++) module.B.AsSpan(row * module.Rank, module.Rank).CopyTo(b.AsSpan(row * rank + first));
            first += module.Rank;
        }

        return new LoraModule(place.Place) { Rank = rank, A = a, B = b };
    });

    /// <summary>
    /// PEFT's "linear": A and B are summed each on its own, with the square roots of the weights. It has the terms B_i A_j of different adapters too, and is
    /// here to read what others made, not because it is right.
    /// </summary>
    public static LoraAdapter AddFactors(string name, IReadOnlyList<MixPart> parts) => Mix(name, parts, modules =>
    {
        var first = modules[0].Module;
        float[] a = new float[first.A.Length], b = new float[first.B.Length];
        foreach (var (module, weight) in modules)
        {
            if (module.Rank != first.Rank) throw new AdapterException($"'{name}' cannot sum factors of the ranks {first.Rank} and {module.Rank} in {first.Place.Name}. Concatenate the adapters instead.");
            var factor = (float)Math.Sqrt(Math.Abs(weight) * module.Scaling);
            for (var i = 0; i < a.Length; i++) a[i] += Math.Sign(weight) * factor * module.A[i];
            for (var i = 0; i < b.Length; i++) b[i] += factor * module.B[i];
        }

        return new LoraModule(first.Place) { Rank = first.Rank, A = a, B = b };
    });

    /// <summary>The closest adapter of a rank to the weighted sum, by the singular values of the sum's update.</summary>
    /// <param name="rank">Null: the largest of the parts' ranks.</param>
    public static LoraAdapter Truncate(string name, IReadOnlyList<MixPart> parts, int? rank = null)
    {
        var kept = rank ?? parts.Max(part => part.Adapter.LargestRank);
        var sum = Concatenate(name, parts);
        return sum with
        {
            Modules = sum.Modules.ToDictionary(pair => pair.Key, pair =>
            {
                var module = pair.Value;
                var (b, a) = LowRankSvd.Truncate(module.B, module.A, module.Out, module.Rank, module.In, kept);
                return module with { A = a, B = b, Rank = a.Length / module.In };
            }, StringComparer.Ordinal),
        };
    }

    private static LoraAdapter Mix(string name, IReadOnlyList<MixPart> parts, Func<IReadOnlyList<(LoraModule Module, double Weight)>, LoraModule> mix)
    {
        if (parts.Count == 0) throw new ArgumentException("There are no adapters to mix.", nameof(parts));
        foreach (var adapter in parts.Select(part => part.Adapter))
            if (adapter.Embedding is not null || adapter.Head is not null || adapter.Modules.Values.Any(module => module.Magnitude is not null || module.Bias is not null || module.UpdateBias is not null))
                throw new AdapterException($"The adapter '{adapter.Name}' cannot be mixed: magnitudes (DoRA), biases and replaced modules have no weighted sum with others. Mix adapters of low-rank updates only.");
        var modules = parts.SelectMany(part => part.Adapter.Modules.Values.Select(module => (Module: module, part.Weight))).GroupBy(pair => pair.Module.Place.Name);
        return new LoraAdapter(name, modules.ToDictionary(group => group.Key, group => mix([.. group]), StringComparer.Ordinal));
    }
}

namespace DomainTuning.Evaluator.Statistics;

/// <summary>How far apart two labels are.</summary>
public enum KappaWeights
{
    /// <summary>Any two are as far apart: labels without an order.</summary>
    None,

    /// <summary>By their distance.</summary>
    Linear,

    /// <summary>By its square.</summary>
    Quadratic,
}

/// <summary>Cohen's kappa (1960; weighted 1968): agreement of two raters beyond what their habits alone would give.</summary>
public static class Kappa
{
    public static double ObservedAgreement<T>(IReadOnlyList<T> a, IReadOnlyList<T> b)
    {
        Check(a, b);
        return a.Zip(b).Average(pair => EqualityComparer<T>.Default.Equals(pair.First, pair.Second) ? 1.0 : 0);
    }

    /// <summary>1 for full agreement, 0 for that of chance; null when both use one and the same label only, which says nothing.</summary>
    /// <param name="order">Ranks the labels for weights; default: the label's own order.</param>
    public static double? Of<T>(IReadOnlyList<T> a, IReadOnlyList<T> b, KappaWeights weights = KappaWeights.None, IComparer<T>? order = null)
        where T : notnull
    {
        Check(a, b);
        var labels = a.Concat(b).Distinct().Order(order).Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var (first, second) = (new double[labels.Count], new double[labels.Count]);
        var observed = 0.0;
        for (var i = 0; i < a.Count; i++)
        {
            var (x, y) = (labels[a[i]], labels[b[i]]);
            first[x]++;
            second[y]++;
            observed += Distance(x, y, weights);
        }

        var expected = 0.0;
        for (var x = 0; x < labels.Count; x++)
            for (var y = 0; y < labels.Count; y++) expected += first[x] * second[y] / a.Count * Distance(x, y, weights);
        return expected == 0 ? null : 1 - (observed / expected);
    }

    private static double Distance(int x, int y, KappaWeights weights) => weights switch
    {
        KappaWeights.Linear => Math.Abs(x - y),
        KappaWeights.Quadratic => (x - y) * (x - y),
        _ => x == y ? 0 : 1,
    };

    private static void Check<T>(IReadOnlyList<T> a, IReadOnlyList<T> b)
    {
        if (a.Count != b.Count || a.Count == 0) throw new ArgumentException($"Both raters must have judged the same items, at least one; there are {a.Count} and {b.Count}.");
    }
}

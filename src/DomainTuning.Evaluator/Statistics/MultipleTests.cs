namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// What many tests at once do to their p values: adjusted ones, in the order given, that compare with the same α as a single test.
/// Holm is the one for a table of arms: it never says "different" wrongly more often than α, and is never weaker than Bonferroni.
/// </summary>
public static class MultipleTests
{
    /// <summary>Holm, Scandinavian Journal of Statistics 6, 1979.</summary>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var most = 0.0;
        foreach (var (place, i) in Rising(p).Index())
            adjusted[i] = most = Math.Max(most, Math.Min(1, (p.Count - place) * p[i]));
        return adjusted;
    }

    public static IReadOnlyList<double> Bonferroni(IReadOnlyList<double> p) => [.. p.Select(value => Math.Min(1, value * p.Count))];

    /// <summary>The share of false among the findings is kept down, not the chance of any: Benjamini and Hochberg, JRSS B 57, 1995.</summary>
    public static IReadOnlyList<double> BenjaminiHochberg(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var least = 1.0;
        foreach (var (place, i) in Rising(p).Index().Reverse())
            adjusted[i] = least = Math.Min(least, p[i] * p.Count / (place + 1));
        return adjusted;
    }

    private static int[] Rising(IReadOnlyList<double> p) => [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])];
}

namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// Wilcoxon's signed-rank test (Biometrics Bulletin 1(6), 1945), exact at every size: the distribution of the rank sum over all sign patterns, also with
/// tied ranks. Pairs without a difference are left out.
/// </summary>
/// <param name="W">The smaller of the two rank sums.</param>
/// <param name="Pairs">With a difference.</param>
public sealed record Wilcoxon(double W, int Pairs, double TwoSided)
{
    public static Wilcoxon Test(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var differences = Sample.Differences(a, b).Where(difference => difference != 0).ToArray();
        if (differences.Length == 0) return new Wilcoxon(0, 0, 1);
        // Twice the ranks, so that the mean rank of a tie is a whole number.
        var ranks = Correlation.Ranks([.. differences.Select(Math.Abs)]).Select(rank => (int)Math.Round(2 * rank)).ToArray();
        var positive = differences.Zip(ranks, (difference, rank) => difference > 0 ? rank : 0).Sum();
        var smaller = Math.Min(positive, ranks.Sum() - positive);
        return new Wilcoxon(smaller / 2.0, differences.Length, Math.Min(1, 2 * ShareUpTo(smaller, ranks)));
    }

    /// <summary>Share of the sign patterns whose positive ranks sum to at most <paramref name="limit"/>.</summary>
    private static double ShareUpTo(int limit, int[] ranks)
    {
        var shares = new double[limit + 1];
        shares[0] = 1;
        foreach (var rank in ranks)
            for (var sum = limit; sum >= 0; sum--) shares[sum] = 0.5 * (shares[sum] + (sum >= rank ? shares[sum - rank] : 0));
        return shares.Sum();
    }
}

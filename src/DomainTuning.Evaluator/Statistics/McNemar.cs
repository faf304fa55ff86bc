namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// McNemar's test for two systems that are right or wrong on the same questions (Psychometrika 12, 1947): only the questions on which they differ speak.
/// The mid-p value is the one to report (Fagerland, Lydersen and Laake, 2013: exact is too careful, chi-square too bold for few such questions).
/// </summary>
/// <param name="OnlyFirst">Questions that only the first got right.</param>
/// <param name="OnlySecond">Questions that only the second got right.</param>
/// <param name="Exact">Two-sided binomial p.</param>
/// <param name="ChiSquare">With continuity correction.</param>
public sealed record McNemar(int OnlyFirst, int OnlySecond, double Exact, double MidP, double ChiSquare, double ChiSquareP)
{
    public static McNemar Test(int onlyFirst, int onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        var n = onlyFirst + onlySecond;
        if (n == 0) return new McNemar(0, 0, 1, 1, 0, 1);
        var smaller = Math.Min(onlyFirst, onlySecond);
        var tail = 0.0;
        for (var k = 0; k <= smaller; k++) tail += Distributions.FairCoin(k, n);
        var off = Math.Abs(onlyFirst - onlySecond) - 1;
        var square = (double)off * off / n;
        return new McNemar(
            onlyFirst, onlySecond, Math.Min(1, 2 * tail), Math.Min(1, (2 * tail) - Distributions.FairCoin(smaller, n)), square, Distributions.ChiSquareUpper1(square));
    }

    public static McNemar Test(IReadOnlyList<bool> first, IReadOnlyList<bool> second)
    {
        if (first.Count != second.Count) throw new ArgumentException($"Both sides need the same questions; there are {first.Count} and {second.Count}.", nameof(second));
        return Test(first.Zip(second).Count(pair => pair is (true, false)), first.Zip(second).Count(pair => pair is (false, true)));
    }
}

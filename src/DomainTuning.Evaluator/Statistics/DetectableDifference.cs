namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// The smallest true difference that a paired comparison of n items finds with the given power: (z(1 - α/2) + z(power)) · s / √n, s being the standard
/// deviation of the differences (normal approximation; Cohen 1988, Card et al., EMNLP 2020). α 0.05 and power 0.8 make it 2.80 · s / √n.
/// A result below it is "not distinguishable at this n", not "the same".
/// </summary>
public static class DetectableDifference
{
    public const double Alpha = 0.05;
    public const double Power = 0.8;

    /// <param name="deviation">Standard deviation of the paired differences.</param>
    public static double At(int n, double deviation, double alpha = Alpha, double power = Power)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return Factor(alpha, power) * deviation / Math.Sqrt(n);
    }

    /// <summary>For right/wrong scores of which <paramref name="discordant"/> (a share) differ: their deviation is √discordant where neither side wins.</summary>
    public static double OfShares(int n, double discordant, double alpha = Alpha, double power = Power) => At(n, Math.Sqrt(discordant), alpha, power);

    /// <summary>How many items it takes to find <paramref name="difference"/>.</summary>
    public static int ItemsFor(double difference, double deviation, double alpha = Alpha, double power = Power)
    {
        if (difference == 0) throw new ArgumentOutOfRangeException(nameof(difference), difference, "No number of items shows a difference of nothing.");
        return (int)Math.Min(int.MaxValue, Math.Max(1, Math.Ceiling(Math.Pow(Factor(alpha, power) * deviation / difference, 2))));
    }

    private static double Factor(double alpha, double power) => Distributions.NormalQuantile(1 - (alpha / 2)) + Distributions.NormalQuantile(power);
}

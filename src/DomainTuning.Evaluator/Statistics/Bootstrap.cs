namespace DomainTuning.Evaluator.Statistics;

/// <summary>A mean, the range of it, and how often resampling turned it round.</summary>
/// <param name="ShareAtOrBelowZero">Of the resampled means: a one-sided p for "greater than zero".</param>
public sealed record BootstrapMean(double Mean, Interval Interval, double ShareAtOrBelowZero, double StandardError);

/// <summary>
/// Percentile bootstrap: Efron and Tibshirani, 1993; for paired scores Koehn, EMNLP 2004. Items are drawn with replacement, both sides of a pair together.
/// The same seed gives the same interval on every machine.
/// </summary>
public static class Bootstrap
{
    /// <summary>Enough that a second seed moves a border by less than a tenth of the interval.</summary>
    public const int Resamples = 10_000;

    /// <summary>Rounding must not decide ties at zero.</summary>
    private const double Tie = 1e-12;

    /// <summary>Of a mean.</summary>
    public static BootstrapMean Mean(IReadOnlyList<double> values, double level = 0.95, ulong seed = 1, int resamples = Resamples)
    {
        if (values.Count == 0) throw new ArgumentException("The mean of nothing was asked for.", nameof(values));
        if (!(level > 0 && level < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "A level between 0 and 1, such as 0.95, is expected.");
        var data = values.ToArray();
        var random = new SeededRandom(seed);
        var means = new double[resamples];
        for (var r = 0; r < resamples; r++)
        {
            var sum = 0.0;
            for (var i = 0; i < data.Length; i++) sum += data[random.Next(data.Length)];
            means[r] = sum / data.Length;
        }

        Array.Sort(means);
        var tail = 50 * (1 - level);
        var interval = new Interval(Sample.PercentileOfSorted(means, tail), Sample.PercentileOfSorted(means, 100 - tail), level);
        return new BootstrapMean(data.Average(), interval, (double)means.Count(mean => mean <= Tie) / resamples, Sample.StandardDeviation(means));
    }

    /// <summary>Of the mean of a - b over the same items.</summary>
    public static BootstrapMean PairedDifference(IReadOnlyList<double> a, IReadOnlyList<double> b, double level = 0.95, ulong seed = 1, int resamples = Resamples) =>
        Mean(Sample.Differences(a, b), level, seed, resamples);
}

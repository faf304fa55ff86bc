using System.Numerics.Tensors;

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
    public static BootstrapMean Mean(IReadOnlyList<double> values, double level = 0.95, ulong seed = 1, int resamples = Resamples) => Means([values], level, seed, resamples)[0];

    /// <summary>
    /// Of many means, each as <see cref="Mean"/> gives it alone, to the last bit: the draws depend on seed and length only, so lists of one length share them,
    /// and a drawn item is added to all of their sums at once.
    /// </summary>
    public static IReadOnlyList<BootstrapMean> Means(IReadOnlyList<IReadOnlyList<double>> lists, double level = 0.95, ulong seed = 1, int resamples = Resamples)
    {
        if (lists.Any(values => values.Count == 0)) throw new ArgumentException("The mean of nothing was asked for.", nameof(lists));
        Check(level);
        var results = new BootstrapMean[lists.Count];
        Parallel.ForEach(lists.Index().GroupBy(entry => entry.Item.Count), group =>
        {
            var members = group.ToList();
            var means = Resample([.. members.Select(member => member.Item)], seed, resamples);
            foreach (var ((place, values), resampled) in members.Zip(means)) results[place] = Describe(values.Average(), resampled, level);
        });
        return results;
    }

    /// <summary>Of the mean of a - b over the same items.</summary>
    public static BootstrapMean PairedDifference(IReadOnlyList<double> a, IReadOnlyList<double> b, double level = 0.95, ulong seed = 1, int resamples = Resamples) =>
        Mean(Sample.Differences(a, b), level, seed, resamples);

    /// <summary>Of the sum of <paramref name="values"/> over the sum of <paramref name="sizes"/>, such as a log-probability a token over texts of unequal length.</summary>
    public static BootstrapMean Ratio(IReadOnlyList<double> values, IReadOnlyList<double> sizes, double level = 0.95, ulong seed = 1, int resamples = Resamples)
    {
        if (values.Count != sizes.Count || values.Count == 0 || sizes.Any(size => !(size > 0)))
            throw new ArgumentException($"A ratio needs a size above 0 for each of its values, at least one; there are {values.Count} values and {sizes.Count} sizes.", nameof(sizes));
        Check(level);
        var drawn = Resample([values, sizes], seed, resamples);
        return Describe(values.Sum() / sizes.Sum(), [.. drawn[0].Zip(drawn[1], (value, size) => value / size)], level);
    }

    /// <summary>Means of every list [list][resample]; the lists are of one length.</summary>
    private static double[][] Resample(IReadOnlyList<IReadOnlyList<double>> lists, ulong seed, int resamples)
    {
        var (items, width) = (lists[0].Count, lists.Count);
        var rows = new double[items * width]; // [item, list]: what one draw adds lies together
        for (var i = 0; i < items; i++)
            for (var j = 0; j < width; j++) rows[(i * width) + j] = lists[j][i];

        var random = new SeededRandom(seed);
        double[][] means = [.. lists.Select(_ => new double[resamples])];
        var sums = new double[width];
        for (var r = 0; r < resamples; r++)
        {
            Array.Clear(sums);
            if (width == 1)
                for (var i = 0; i < items; i++) sums[0] += rows[random.Next(items)];
            else
                for (var i = 0; i < items; i++) TensorPrimitives.Add<double>(sums, rows.AsSpan(random.Next(items) * width, width), sums);

            for (var j = 0; j < width; j++) means[j][r] = sums[j] / items;
        }

        return means;
    }

    /// <param name="resampled">Comes back in another order.</param>
    private static BootstrapMean Describe(double mean, double[] resampled, double level)
    {
        var tail = 50 * (1 - level);
        var (error, share) = (Sample.StandardDeviation(resampled), (double)resampled.Count(value => value <= Tie) / resampled.Length);
        var interval = new Interval(Sample.PercentileInPlace(resampled, tail), Sample.PercentileInPlace(resampled, 100 - tail), level);
        return new BootstrapMean(mean, interval, share, error);
    }

    private static void Check(double level)
    {
        if (!(level > 0 && level < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "A level between 0 and 1, such as 0.95, is expected.");
    }
}

using System.Numerics.Tensors;

namespace DomainTuning.Evaluator.Statistics;

/// <summary>A range that holds the true value with the given confidence.</summary>
/// <param name="Level">0.95 for 95 %.</param>
public readonly record struct Interval(double Low, double High, double Level);

/// <summary>What is said of a list of numbers: mean, spread, percentiles.</summary>
public static class Sample
{
    /// <summary>Of the sample: divided by n - 1. 0 for a single value.</summary>
    public static double StandardDeviation(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return 0;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }

    /// <summary>Linear between order statistics (type 7 of Hyndman and Fan, 1996).</summary>
    /// <param name="percent">0 to 100.</param>
    public static double Percentile(IReadOnlyList<double> values, double percent)
    {
        if (values.Count == 0) throw new ArgumentException("A percentile of nothing was asked for.", nameof(values));
        return PercentileOfSorted([.. values.Order()], percent);
    }

    internal static double PercentileOfSorted(ReadOnlySpan<double> sorted, double percent)
    {
        var (below, beyond) = Place(sorted.Length, percent);
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + (beyond * (sorted[below + 1] - sorted[below]));
    }

    /// <summary>The same of values in any order, which come back in another: two of them are looked for, the rest is not sorted.</summary>
    internal static double PercentileInPlace(Span<double> values, double percent)
    {
        var (below, beyond) = Place(values.Length, percent);
        var low = Smallest(values, Math.Min(below, values.Length - 1));
        return below + 1 >= values.Length ? low : low + (beyond * (TensorPrimitives.Min<double>(values[(below + 1)..]) - low));
    }

    private static (int Below, double Beyond) Place(int count, double percent)
    {
        if (!(percent >= 0 && percent <= 100)) throw new ArgumentOutOfRangeException(nameof(percent), percent, "0 to 100 is expected.");
        var place = percent / 100 * (count - 1);
        return ((int)Math.Floor(place), place - Math.Floor(place));
    }

    /// <summary>The value that would stand at a place if all were sorted; afterwards none before it is greater and none behind it is smaller (Hoare, "Find", CACM 4(7), 1961).</summary>
    private static double Smallest(Span<double> values, int place)
    {
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var pivot = values[low + ((high - low) / 2)];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (values[i] < pivot) i++;
                while (values[j] > pivot) j--;
                if (i > j) break;
                (values[i], values[j]) = (values[j], values[i]);
                (i, j) = (i + 1, j - 1);
            }

            if (place <= j) high = j;
            else if (place >= i) low = i;
            else break;
        }

        return values[place];
    }

    internal static double[] Differences(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (a.Count != b.Count || a.Count == 0)
            throw new ArgumentException($"A paired test needs the same items on both sides, at least one; there are {a.Count} and {b.Count}.");
        var differences = new double[a.Count];
        for (var i = 0; i < differences.Length; i++)
        {
            differences[i] = a[i] - b[i];
            if (!double.IsFinite(differences[i])) throw new ArgumentException($"Item {i} is {a[i]} on one side and {b[i]} on the other; numbers are expected.");
        }

        return differences;
    }
}

namespace DomainTuning.Evaluator.Statistics;

/// <summary>How two lists of numbers move together, -1 to 1; NaN when one of them does not move.</summary>
public static class Correlation
{
    public static double Pearson(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        Check(a, b);
        var (meanA, meanB) = (a.Average(), b.Average());
        var (products, squaresA, squaresB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Count; i++)
        {
            products += (a[i] - meanA) * (b[i] - meanB);
            squaresA += (a[i] - meanA) * (a[i] - meanA);
            squaresB += (b[i] - meanB) * (b[i] - meanB);
        }

        return products / Math.Sqrt(squaresA * squaresB);
    }

    /// <summary>Pearson's over ranks, ties at their mean.</summary>
    public static double Spearman(IReadOnlyList<double> a, IReadOnlyList<double> b) => Pearson(Ranks(a), Ranks(b));

    /// <summary>Tau-b, which allows for ties.</summary>
    public static double Kendall(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        Check(a, b);
        var (agreement, movesA, movesB) = (0L, 0L, 0L);
        for (var i = 0; i < a.Count; i++)
            for (var j = 0; j < i; j++)
            {
                var (x, y) = (Math.Sign(a[i] - a[j]), Math.Sign(b[i] - b[j]));
                agreement += x * y;
                movesA += x * x;
                movesB += y * y;
            }

        return agreement / Math.Sqrt((double)movesA * movesB);
    }

    /// <summary>From 1, ties at their mean.</summary>
    internal static double[] Ranks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end < order.Length && values[order[end]] == values[order[start]]) end++;
            for (var i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2.0;
            start = end;
        }

        return ranks;
    }

    private static void Check(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (a.Count != b.Count || a.Count < 2) throw new ArgumentException($"Both lists need the same number of values, at least two; there are {a.Count} and {b.Count}.");
    }
}

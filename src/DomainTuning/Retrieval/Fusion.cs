namespace DomainTuning.Retrieval;

/// <summary>
/// Makes one ranking of two. Lists come in rank order; ties keep the order of first appearance, the first list before the second.
/// </summary>
public static class Fusion
{
    /// <summary>Scores that differ by less are tied: sums in another order must not decide a rank.</summary>
    private const int TieDigits = 12;
    private const int ReciprocalTieDigits = 15;

    /// <summary>
    /// <paramref name="weight"/> × first + (1 − weight) × second, each list scaled to 0..1 by its own least and greatest score.
    /// A list with one distinct score scales to 1; what is missing from a list gets 0 there.
    /// </summary>
    public static IReadOnlyList<(TKey Key, double Score)> MinMax<TKey>(
        IReadOnlyList<(TKey Key, double Score)> first, IReadOnlyList<(TKey Key, double Score)> second, double weight)
        where TKey : notnull
    {
        var sums = new Dictionary<TKey, double>();
        var order = new List<TKey>();
        Add(Scale(first), weight, sums, order);
        Add(Scale(second), 1 - weight, sums, order);
        return Ranked(sums, order, TieDigits);
    }

    /// <summary>Σ 1 / (k + rank), ranks from 1.</summary>
    public static IReadOnlyList<(TKey Key, double Score)> ReciprocalRank<TKey>(
        IReadOnlyList<(TKey Key, double Score)> first, IReadOnlyList<(TKey Key, double Score)> second, int k = 60)
        where TKey : notnull
    {
        var sums = new Dictionary<TKey, double>();
        var order = new List<TKey>();
        Add(first.Select((entry, i) => (entry.Key, 1.0 / (k + i + 1))), 1, sums, order);
        Add(second.Select((entry, i) => (entry.Key, 1.0 / (k + i + 1))), 1, sums, order);
        return Ranked(sums, order, ReciprocalTieDigits);
    }

    /// <summary>Scores scaled to 0..1 by the least and the greatest; all 1 where they are the same.</summary>
    public static IReadOnlyList<(TKey Key, double Score)> Scale<TKey>(IReadOnlyList<(TKey Key, double Score)> list)
    {
        if (list.Count == 0) return list;
        var (least, greatest) = (list.Min(entry => entry.Score), list.Max(entry => entry.Score));
        return [.. list.Select(entry => (entry.Key, greatest > least ? (entry.Score - least) / (greatest - least) : 1))];
    }

    private static void Add<TKey>(IEnumerable<(TKey Key, double Score)> list, double weight, Dictionary<TKey, double> sums, List<TKey> order)
        where TKey : notnull
    {
        foreach (var (key, score) in list)
        {
            if (!sums.TryGetValue(key, out var sum)) order.Add(key);
            sums[key] = sum + (weight * score);
        }
    }

    private static List<(TKey Key, double Score)> Ranked<TKey>(Dictionary<TKey, double> sums, List<TKey> order, int tieDigits)
        where TKey : notnull =>
        [.. order.Select(key => (Key: key, Score: sums[key])).OrderByDescending(entry => Math.Round(entry.Score, tieDigits))];
}

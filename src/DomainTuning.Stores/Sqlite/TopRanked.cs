using DomainTuning.Chunks;

namespace DomainTuning.Stores.Sqlite;

/// <summary>A chunk's place in memory with its score.</summary>
internal readonly record struct Hit(double Score, ChunkId Id, long Key);

/// <summary>Keeps the best few of many: higher scores first, ties by chunk id.</summary>
internal sealed class TopRanked(int limit)
{
    private static readonly Comparer<Hit> WorstFirst = Comparer<Hit>.Create((a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : b.Id.Value.CompareTo(a.Id.Value));

    private readonly PriorityQueue<Hit, Hit> kept = new(WorstFirst);

    /// <summary>What a score must reach to be kept; cheap to ask before offering.</summary>
    public double Threshold { get; private set; } = double.NegativeInfinity;

    public void Offer(Hit hit)
    {
        if (hit.Score < Threshold || limit == 0) return;
        if (kept.Count < limit) kept.Enqueue(hit, hit);
        else kept.EnqueueDequeue(hit, hit);
        if (kept.Count == limit) Threshold = kept.Peek().Score;
    }

    public void Offer(TopRanked others)
    {
        foreach (var (hit, _) in others.kept.UnorderedItems) Offer(hit);
    }

    /// <summary>Best first.</summary>
    public IReadOnlyList<Hit> Ranked() => [.. kept.UnorderedItems.Select(item => item.Element).OrderByDescending(hit => hit, WorstFirst)];
}

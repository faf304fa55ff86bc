using System.Collections.Concurrent;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Where a word stands: numbers of chunks in the snapshot, rising, and how often in each.</summary>
internal sealed record Postings(int[] Chunks, ushort[] Frequencies);

/// <summary>
/// Postings that were read once are kept as long as their snapshot: reading them from the file takes most of a search by words, and the words that cost most are
/// those that come in most questions. Bounded, so that it never outgrows the vectors. Thread-safe.
/// </summary>
internal sealed class PostingCache
{
    /// <summary>Postings in all, 6 bytes each. Default 10 million: 64 MB, the hundred commonest words of 100,000 chunks.</summary>
    private const long Most = 10_000_000;

    /// <summary>Rare words are read faster than they are worth keeping.</summary>
    private const int Common = 1_000;

    private readonly ConcurrentDictionary<string, Postings> kept = new(StringComparer.Ordinal);
    private long count;

    public Postings? Find(string term) => kept.GetValueOrDefault(term);

    public void Keep(string term, Postings postings)
    {
        if (postings.Chunks.Length < Common) return;
        if (Interlocked.Add(ref count, postings.Chunks.Length) <= Most) kept.TryAdd(term, postings);
        else Interlocked.Add(ref count, -postings.Chunks.Length);
    }
}

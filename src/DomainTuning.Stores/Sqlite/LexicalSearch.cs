using System.Buffers;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// BM25 with k1 0.9 and b 0.4 over FTS5's postings. FTS5's own bm25() is fixed at k1 1.2 and b 0.75, so only the places of the terms come from FTS5;
/// lengths come from the snapshot, and a term's frequency in a chunk is its number of places there.
/// </summary>
internal static class LexicalSearch
{
    public static IReadOnlyList<Hit> Search(SqliteConnection connection, Snapshot snapshot, string query, int limit, ChunkFilter filter, CancellationToken cancellationToken)
    {
        var weights = Bm25Weights.Default;
        var scores = ArrayPool<double>.Shared.Rent(snapshot.Chunks);
        try
        {
            scores.AsSpan(0, snapshot.Chunks).Clear();
            using var places = connection.Command("SELECT doc FROM places WHERE term = ?1");
            foreach (var (term, repeats) in Analyzer.Analyze(query).QueryTerms.CountBy(term => term))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var postings = snapshot.Postings.Find(term);
                if (postings is null) snapshot.Postings.Keep(term, postings = Read(places, snapshot, term));
                AddScores(snapshot, postings, repeats * Bm25Weights.Rarity(snapshot.Chunks, postings.Chunks.Length), weights, scores);
            }

            return Best(snapshot, scores, limit, filter);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(scores);
        }
    }

    /// <summary>How often the term stands in each chunk that holds it. FTS5 gives one row a place, by key.</summary>
    private static Postings Read(SqliteCommand places, Snapshot snapshot, string term)
    {
        var chunks = new List<int>();
        var frequencies = new List<ushort>();
        var (at, last) = (0, -1L);
        using var reader = places.ReadWith(term);
        var statement = reader.Handle!;
        while (reader.Read())
        {
            var key = raw.sqlite3_column_int64(statement, 0);
            if (key == last)
            {
                if (frequencies[^1] < ushort.MaxValue) frequencies[^1]++;
                continue;
            }

            last = key;
            while (key >= snapshot.Segments[at].FirstKey + snapshot.Segments[at].Count) at++;
            chunks.Add(snapshot.Offsets[at] + (int)(key - snapshot.Segments[at].FirstKey));
            frequencies.Add(1);
        }

        return new Postings([.. chunks], [.. frequencies]);
    }

    private static void AddScores(Snapshot snapshot, Postings postings, double rarity, Bm25Weights weights, double[] scores)
    {
        var at = 0;
        for (var i = 0; i < postings.Chunks.Length; i++)
        {
            var chunk = postings.Chunks[i];
            while (chunk >= snapshot.Offsets[at] + snapshot.Segments[at].Count) at++;
            scores[chunk] += rarity * weights.Saturation(postings.Frequencies[i], snapshot.Segments[at].Lengths[chunk - snapshot.Offsets[at]], snapshot.AverageLength);
        }
    }

    private static IReadOnlyList<Hit> Best(Snapshot snapshot, double[] scores, int limit, ChunkFilter filter)
    {
        var wanted = filter.Documents.Count == 0 ? null : new HashSet<DocumentId>(filter.Documents);
        var best = new TopRanked(limit);
        for (var at = 0; at < snapshot.Segments.Length; at++)
        {
            var segment = snapshot.Segments[at];
            if (wanted?.Contains(segment.Id) == false) continue;
            for (var i = 0; i < segment.Count; i++)
                if (scores[snapshot.Offsets[at] + i] is var score and > 0 && score >= best.Threshold && segment.Passes(i, filter)) best.Offer(new Hit(score, segment.Ids[i], segment.FirstKey + i));
        }

        return best.Ranked();
    }
}

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
        var scores = new Dictionary<long, (Segment Segment, double Score)>();
        using var places = connection.Command("SELECT doc FROM places WHERE term = ?1");
        foreach (var (term, repeats) in Analyzer.Analyze(query).QueryTerms.CountBy(term => term))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var found = Frequencies(places, term);
            AddScores(snapshot, found, repeats, scores);
        }

        var wanted = filter.Documents.Count == 0 ? null : new HashSet<DocumentId>(filter.Documents);
        var best = new TopRanked(limit);
        foreach (var (key, (segment, score)) in scores)
        {
            var chunk = (int)(key - segment.FirstKey);
            if (score >= best.Threshold && wanted?.Contains(segment.Id) != false && segment.Passes(chunk, filter)) best.Offer(new Hit(score, segment.Ids[chunk], key));
        }

        return best.Ranked();
    }

    /// <summary>How often the term stands in each chunk that holds it, by key.</summary>
    private static List<(long Key, int Frequency)> Frequencies(SqliteCommand places, string term)
    {
        var found = new List<(long Key, int Frequency)>();
        using var reader = places.ReadWith(term);
        var statement = reader.Handle!;
        while (reader.Read())
        {
            var key = raw.sqlite3_column_int64(statement, 0);
            if (found.Count > 0 && found[^1].Key == key) found[^1] = (key, found[^1].Frequency + 1);
            else found.Add((key, 1));
        }

        return found;
    }

    private static void AddScores(Snapshot snapshot, List<(long Key, int Frequency)> found, int repeats, Dictionary<long, (Segment Segment, double Score)> scores)
    {
        var weights = Bm25Weights.Default;
        var rarity = repeats * Bm25Weights.Rarity(snapshot.Chunks, found.Count);
        var at = 0;
        foreach (var (key, frequency) in found)
        {
            while (at < snapshot.Segments.Length && key >= snapshot.Segments[at].FirstKey + snapshot.Segments[at].Count) at++;
            var segment = snapshot.Segments[at];
            var score = rarity * weights.Saturation(frequency, segment.Lengths[key - segment.FirstKey], snapshot.AverageLength);
            scores[key] = (segment, scores.TryGetValue(key, out var before) ? before.Score + score : score);
        }
    }
}

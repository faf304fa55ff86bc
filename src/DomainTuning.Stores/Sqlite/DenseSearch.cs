using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// Nearest neighbours by a look at every vector: first at the small copies in memory, over several cores when there are many, then the best are scored with the
/// full vectors from the file. The scores are exact; which chunks come that far is nearly exact; `search` in bench measures the recall of the first ten.
/// </summary>
internal static class DenseSearch
{
    /// <summary>Chunks that one piece of work covers: about a quarter of a millisecond at 384 dimensions.</summary>
    private const int Slice = 8192;

    /// <summary>Scored again beyond the limit: rounding moves a chunk by a few ranks, not by more.</summary>
    private const int Spare = 32;

    public static IReadOnlyList<Hit> Search(
        SqliteConnection connection, Snapshot snapshot, ReadOnlyMemory<float> query, int limit, ChunkFilter filter, CancellationToken cancellationToken)
    {
        if (limit == 0) return [];
        var rough = Rough(snapshot, Widened(query.Span), Math.Min(snapshot.Chunks, limit + (limit / 4) + Spare), filter, cancellationToken);
        var best = new TopRanked(limit);
        using var vectors = connection.Command("SELECT vector FROM vectors WHERE chunk = ?1");
        foreach (var hit in rough)
        {
            using var reader = vectors.ReadWith(hit.Key);
            if (reader.Read()) best.Offer(hit with { Score = TensorPrimitives.Dot(query.Span, MemoryMarshal.Cast<byte, float>(reader.Bytes(0))) });
        }

        return best.Ranked();
    }

    /// <summary>Its length does not matter to a ranking, so the query's scale is left out.</summary>
    private static short[] Widened(ReadOnlySpan<float> query)
    {
        var codes = new sbyte[query.Length];
        Int8Vectors.Quantise(query, codes);
        return Array.ConvertAll(codes, code => (short)code);
    }

    private static IReadOnlyList<Hit> Rough(Snapshot snapshot, short[] query, int limit, ChunkFilter filter, CancellationToken cancellationToken)
    {
        var best = new TopRanked(limit);
        var slices = Slices(snapshot, filter);
        if (slices.Count <= 2)
        {
            foreach (var slice in slices) Scan(slice, query, filter, best);
            return best.Ranked();
        }

        Parallel.ForEach(
            slices,
            new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => new TopRanked(limit),
            (slice, _, mine) =>
            {
                Scan(slice, query, filter, mine);
                return mine;
            },
            mine =>
            {
                lock (best) best.Offer(mine);
            });
        return best.Ranked();
    }

    /// <summary>Runs of segments with about <see cref="Slice"/> chunks; long segments are cut.</summary>
    private static List<List<(Segment Segment, int First, int End)>> Slices(Snapshot snapshot, ChunkFilter filter)
    {
        var wanted = filter.Documents.Count == 0 ? null : new HashSet<DocumentId>(filter.Documents);
        var slices = new List<List<(Segment, int, int)>>();
        var room = 0;
        foreach (var segment in snapshot.Segments)
        {
            if (wanted?.Contains(segment.Id) == false) continue;
            for (var first = 0; first < segment.Count;)
            {
                if (room == 0)
                {
                    slices.Add([]);
                    room = Slice;
                }

                var end = Math.Min(segment.Count, first + room);
                slices[^1].Add((segment, first, end));
                room -= end - first;
                first = end;
            }
        }

        return slices;
    }

    private static void Scan(List<(Segment Segment, int First, int End)> slice, short[] query, ChunkFilter filter, TopRanked best)
    {
        foreach (var (segment, first, end) in slice)
            for (var i = first; i < end; i++)
            {
                if (!segment.Passes(i, filter)) continue;
                var score = (double)segment.Scales[i] * Int8Vectors.Dot(query, segment.Codes.AsSpan(i * query.Length, query.Length));
                if (score >= best.Threshold) best.Offer(new Hit(score, segment.Ids[i], segment.FirstKey + i));
            }
    }
}

using System.Numerics.Tensors;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Exact nearest neighbours: the dot product with every vector, over several cores when there are many.</summary>
internal static class DenseSearch
{
    /// <summary>Chunks that one piece of work covers: about a millisecond at 384 dimensions.</summary>
    private const int Slice = 4096;

    public static IReadOnlyList<Hit> Search(Snapshot snapshot, ReadOnlyMemory<float> query, int limit, ChunkFilter filter, CancellationToken cancellationToken)
    {
        var best = new TopRanked(limit);
        var slices = Slices(snapshot, filter);
        if (slices.Count <= 2)
        {
            foreach (var slice in slices) Scan(slice, query.Span, filter, best);
            return best.Ranked();
        }

        Parallel.ForEach(
            slices,
            new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => new TopRanked(limit),
            (slice, _, mine) =>
            {
                Scan(slice, query.Span, filter, mine);
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

    private static void Scan(List<(Segment Segment, int First, int End)> slice, ReadOnlySpan<float> query, ChunkFilter filter, TopRanked best)
    {
        foreach (var (segment, first, end) in slice)
            for (var i = first; i < end; i++)
            {
                if (!segment.Passes(i, filter)) continue;
                var score = TensorPrimitives.Dot(query, segment.Vectors.AsSpan(i * query.Length, query.Length));
                if (score >= best.Threshold) best.Offer(new Hit(score, segment.Ids[i], segment.FirstKey + i));
            }
    }
}

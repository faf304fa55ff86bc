using DomainTuning.Indexing;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>The searches. Results that tie at the cut are asked for once more with a longer list, so that ties go by chunk id here as in every index.</summary>
public sealed partial class QdrantChunkIndex
{
    /// <summary>Asked for beyond the limit, to see whether the cut goes through a tie.</summary>
    private const int Spare = 16;

    /// <summary>More equal scores than this are cut as the server has them.</summary>
    private const int LongestTie = 10_000;

    public override Task<IReadOnlyList<ScoredChunk>> SearchDenseAsync(ReadOnlyMemory<float> vector, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        CheckQuery(vector, limit);
        return limit == 0 ? Nothing() : ReadAsync(state => TopAsync(Dense(vector, filter, state), limit, null, cancellationToken), cancellationToken);
    }

    public override Task<IReadOnlyList<ScoredChunk>> SearchLexicalAsync(string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        cancellationToken.ThrowIfCancellationRequested();
        return limit == 0 || WordWeights.OfQuery(query) is not { } words ? Nothing() : ReadAsync(state => TopAsync(Words(words, filter, state), limit, null, cancellationToken), cancellationToken);
    }

    /// <summary>Both lists of one moment, in one call.</summary>
    public override async Task<(IReadOnlyList<ScoredChunk> Dense, IReadOnlyList<ScoredChunk> Lexical)> SearchAsync(
        ReadOnlyMemory<float> vector, string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        CheckQuery(vector, limit);
        if (limit == 0) return ([], []);
        if (WordWeights.OfQuery(query) is not { } words) return (await SearchDenseAsync(vector, limit, filter, cancellationToken).ConfigureAwait(false), []);
        return await ReadAsync(
            async state =>
            {
                var (dense, lexical) = (Dense(vector, filter, state), Words(words, filter, state));
                dense.Limit = lexical.Limit = (ulong)Math.Min(limit + Spare, limits.Results);
                BatchResult[] first = [];
                if (limits.Searches >= 2)
                {
                    var batch = new QueryBatchPoints { CollectionName = collection, QueryPoints = { dense, lexical }, ReadConsistency = connection.Reading };
                    first = [.. (await connection.CallAsync("searching", call => connection.Points.QueryBatchAsync(batch, call), cancellationToken).ConfigureAwait(false)).Result];
                }

                return (await TopAsync(dense, limit, first.ElementAtOrDefault(0)?.Result, cancellationToken).ConfigureAwait(false),
                        await TopAsync(lexical, limit, first.ElementAtOrDefault(1)?.Result, cancellationToken).ConfigureAwait(false));
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reciprocal rank fusion on the server: one list goes over the wire instead of two. Equal to <see cref="Retrieval.Fusion.ReciprocalRank"/> over the same
    /// candidates, up to ties.
    /// </summary>
    /// <param name="candidates">How many of each list are fused.</param>
    /// <param name="k">Of Cormack, Clarke and Büttcher, whose ranks start at 1.</param>
    public async Task<IReadOnlyList<ScoredChunk>> SearchFusedAsync(
        ReadOnlyMemory<float> vector, string query, int limit, ChunkFilter filter, int candidates = 100, int k = 60, CancellationToken cancellationToken = default)
    {
        CheckQuery(vector, limit);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, limit);
        if (limit == 0) return [];
        return await ReadAsync(
            state =>
            {
                var fused = new QueryPoints
                {
                    CollectionName = collection,
                    Prefetch = { Prefetch(Dense(vector, filter, state), candidates) },
                    // The server counts ranks from 0.
                    Query = new Query { Rrf = new Rrf { K = (uint)(k + 1) } },
                    WithPayload = new WithPayloadSelector { Enable = true },
                    ReadConsistency = connection.Reading,
                };
                if (WordWeights.OfQuery(query) is { } words) fused.Prefetch.Add(Prefetch(Words(words, filter, state), candidates));
                return TopAsync(fused, limit, null, cancellationToken);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static Task<IReadOnlyList<ScoredChunk>> Nothing() => Task.FromResult<IReadOnlyList<ScoredChunk>>([]);

    private static PrefetchQuery Prefetch(QueryPoints query, int candidates)
    {
        // Without a limit a prefetch stops at 10.
        var prefetch = new PrefetchQuery { Query = query.Query, Using = query.Using, Filter = query.Filter, Limit = (ulong)candidates };
        if (query.Params is not null) prefetch.Params = query.Params;
        return prefetch;
    }

    private void CheckQuery(ReadOnlyMemory<float> vector, int limit)
    {
        if (vector.Length != Manifest.Embedder.Dimensions)
            throw new ArgumentException($"Index '{Name}' holds vectors of {Manifest.Embedder.Dimensions} dimensions; the query has {vector.Length}. Embed it with {Manifest.Embedder.Id}.", nameof(vector));
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
    }

    private QueryPoints Dense(ReadOnlyMemory<float> vector, ChunkFilter filter, IndexState state)
    {
        var nearest = new DenseVector();
        nearest.Data.AddRange(vector.ToArray());
        var query = Ask(new VectorInput { Dense = nearest }, CollectionLayout.Dense, filter, state);
        // Without rescoring the scores would be those of the small copies.
        if (limits.IsQuantised) query.Params = new SearchParams { Quantization = new QuantizationSearchParams { Rescore = true, Oversampling = 2 } };
        return query;
    }

    private QueryPoints Words(SparseVector words, ChunkFilter filter, IndexState state) => Ask(new VectorInput { Sparse = words }, CollectionLayout.Words, filter, state);

    private QueryPoints Ask(VectorInput nearest, string vector, ChunkFilter filter, IndexState state) => new()
    {
        CollectionName = collection,
        Query = new Query { Nearest = nearest },
        Using = vector,
        Filter = state.Visible(Payloads.ChunkKind, Where.Passes(filter)),
        WithPayload = new WithPayloadSelector { Enable = true },
        ReadConsistency = connection.Reading,
    };

    /// <param name="first">The first results where they are at hand.</param>
    private async Task<IReadOnlyList<ScoredChunk>> TopAsync(QueryPoints query, int limit, IReadOnlyList<ScoredPoint>? first, CancellationToken cancellationToken)
    {
        var found = first is null ? [] : new List<ScoredPoint>(first);
        var ended = first is not null && found.Count < (int)query.Limit;
        for (var asked = limit + Spare; !ended && (found.Count < limit || (found[^1].Score == found[limit - 1].Score && found.Count < limit + LongestTie)); asked *= 2)
            while (found.Count < asked && !ended)
            {
                query.Offset = (ulong)found.Count;
                query.Limit = (ulong)Math.Min(asked - found.Count, limits.Results);
                var page = (await connection.CallAsync("searching", call => connection.Points.QueryAsync(query, call), cancellationToken).ConfigureAwait(false)).Result;
                found.AddRange(page);
                ended = page.Count < (int)query.Limit;
            }

        return [.. found.Select(point => new ScoredChunk(Payloads.ToChunk(point.Payload), point.Score)).OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Chunk.Id.Value).Take(limit)];
    }
}

using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;

namespace DomainTuning.Retrieval;

/// <summary>Finds the passages for a question: by meaning and by words at the same time, fused, and read once more by a reranker where there is one. Thread-safe.</summary>
public sealed class Retriever(ChunkIndex index, Embedder embedder, Reranker? reranker = null)
{
    /// <summary>The best passages, best first; none for a query without a word.</summary>
    public async Task<IReadOnlyList<RankedChunk>> SearchAsync(string query, RetrievalOptions options, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        options.Validate();
        if (string.IsNullOrWhiteSpace(query)) return [];
        var vector = options.Mode == SearchMode.Lexical ? [] : await embedder.EmbedQueryAsync(query, cancellationToken).ConfigureAwait(false);
        var (dense, lexical) = options.Mode switch
        {
            SearchMode.Dense => (await index.SearchDenseAsync(vector, options.Candidates, filter, cancellationToken).ConfigureAwait(false), []),
            SearchMode.Lexical => ([], await index.SearchLexicalAsync(query, options.Candidates, filter, cancellationToken).ConfigureAwait(false)),
            _ => await index.SearchAsync(vector, query, options.Candidates, filter, cancellationToken).ConfigureAwait(false),
        };

        var fused = Fuse(Scores(dense), Scores(lexical), options);
        var candidates = Describe(fused, dense, lexical);
        if (reranker is not null) candidates = await RerankAsync(query, candidates, options, cancellationToken).ConfigureAwait(false);
        var paths = await PathsAsync(cancellationToken).ConfigureAwait(false);
        return [.. candidates.Take(options.Top).Select((found, i) => found with { Rank = i + 1, DocumentPath = paths.GetValueOrDefault(found.Chunk.DocumentId, "") })];
    }

    private static IReadOnlyList<(ChunkId Key, double Score)> Fuse(
        IReadOnlyList<(ChunkId Key, double Score)> dense, IReadOnlyList<(ChunkId Key, double Score)> lexical, RetrievalOptions options) => options.Mode switch
        {
            SearchMode.Dense => dense,
            SearchMode.Lexical => lexical,
            _ when options.Fusion == FusionMethod.ReciprocalRank => Fusion.ReciprocalRank(dense, lexical),
            _ => Fusion.MinMax(dense, lexical, options.DenseWeight),
        };

    private static List<RankedChunk> Describe(
        IReadOnlyList<(ChunkId Key, double Score)> fused, IReadOnlyList<ScoredChunk> dense, IReadOnlyList<ScoredChunk> lexical)
    {
        var byMeaning = dense.ToDictionary(found => found.Chunk.Id);
        var byWords = lexical.ToDictionary(found => found.Chunk.Id);
        return [.. fused.Select(entry =>
        {
            var hasDense = byMeaning.TryGetValue(entry.Key, out var near);
            var hasLexical = byWords.TryGetValue(entry.Key, out var worded);
            return new RankedChunk(hasDense ? near.Chunk : worded.Chunk, 0, entry.Score, hasDense ? near.Score : null, hasLexical ? worded.Score : null, null, "");
        })];
    }

    /// <summary>The first ones in the order of reranker and search together, the rest as it was.</summary>
    private async Task<List<RankedChunk>> RerankAsync(string query, List<RankedChunk> candidates, RetrievalOptions options, CancellationToken cancellationToken)
    {
        var head = candidates.Take(options.Reranked).ToList();
        if (head.Count < 2 || head[0].Score - head[1].Score > options.RerankWithin) return candidates;
        var scores = await reranker!.ScoreAsync(query, [.. head.Select(found => found.Chunk.EmbeddedText)], cancellationToken).ConfigureAwait(false);
        var read = head.Zip(scores, (found, score) => found with { Reranked = score }).ToList();
        return [.. Mix(read, options.RerankWeight), .. candidates.Skip(read.Count)];
    }

    /// <summary>By weighted min-max of the two scores; at weight 1 the reranker's own score stands.</summary>
    public static IEnumerable<RankedChunk> Mix(IReadOnlyList<RankedChunk> read, double weight)
    {
        if (weight == 1) return read.Select(found => found with { Score = found.Reranked!.Value }).OrderByDescending(found => found.Score);
        var fused = Fusion.Scale([.. read.Select((found, i) => (i, found.Score))]);
        var reranked = Fusion.Scale([.. read.Select((found, i) => (i, found.Reranked!.Value))]);
        return read.Select((found, i) => found with { Score = (weight * reranked[i].Score) + ((1 - weight) * fused[i].Score) }).OrderByDescending(found => found.Score);
    }

    private async Task<Dictionary<DocumentId, string>> PathsAsync(CancellationToken cancellationToken) =>
        (await index.DocumentsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(document => document.Id, document => document.Path);

    private static IReadOnlyList<(ChunkId Key, double Score)> Scores(IReadOnlyList<ScoredChunk> found) => [.. found.Select(hit => (hit.Chunk.Id, hit.Score))];
}

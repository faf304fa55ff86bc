using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Runs;

/// <summary>What one weight gave.</summary>
/// <param name="PageNdcg">nDCG@10 of pages.</param>
/// <param name="HitAt1">Share of questions with an evidence page first; so for 2 and 10.</param>
public sealed record FittedWeight(double Weight, double PageNdcg, double HitAt1, double HitAt2, double HitAt10);

/// <summary>What it gives to leave the reranker out where the search's first two results lie further apart than a border.</summary>
/// <param name="Within">See <see cref="RetrievalOptions.RerankWithin"/>.</param>
/// <param name="Read">Share of the questions for which the reranker reads.</param>
public sealed record FittedExit(double Within, double Read, double PageNdcg, double HitAt1, double HitAt2, double HitAt10);

/// <summary>
/// Measures every fusion weight, every rerank weight on top of the best of them, and every early exit at the best of those, on questions that are not the test's.
/// Searches run once a question and a reranker's scores are kept, so that a killed fit goes on; a weight is only arithmetic.
/// </summary>
/// <param name="Dense">0, 0.1 … 1 on the embedder.</param>
/// <param name="Rerank">0, 0.1 … 1 on the reranker; empty without one. 0 is the search alone.</param>
/// <param name="Exits">At the best rerank weight; empty without a reranker. 1 never leaves it out.</param>
public sealed record WeightFit(int Questions, IReadOnlyList<FittedWeight> Dense, IReadOnlyList<FittedWeight> Rerank, IReadOnlyList<FittedExit> Exits)
{
    private static readonly double[] Borders = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1];

    private static readonly double[] Weights = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    public double BestDense => Best(Dense);

    /// <summary>Null without a reranker.</summary>
    public double? BestRerank => Rerank.Count == 0 ? null : Best(Rerank);

    /// <param name="questions">Without those of the test split; those without evidence are left out.</param>
    /// <param name="reranker">Null fits the fusion alone.</param>
    /// <param name="cacheFolder">Where the reranker's scores are kept; null keeps none.</param>
    public static async Task<WeightFit> MeasureAsync(
        CorpusChunks corpus, ChunkIndex index, Embedder embedder, Reranker? reranker, IReadOnlyList<Question> questions, RetrievalOptions options,
        IProgress<EvaluationProgress>? progress = null, string? cacheFolder = null, CancellationToken cancellationToken = default)
    {
        if (questions.Any(question => question.Split == QuestionSplit.Test)) throw new ArgumentException("Weights must not be fitted on the test split: it would no longer test them.", nameof(questions));
        var asked = questions.Where(question => question.Evidence.Count > 0).ToList();
        if (asked.Count == 0) throw new EvaluationException("There is no question with evidence in train and validation to fit weights on.");

        var found = new List<Candidates>();
        var count = new StageCount("searches", asked.Count, progress, TimeProvider.System);
        foreach (var question in asked)
        {
            var vector = await embedder.EmbedQueryAsync(question.Text, cancellationToken).ConfigureAwait(false);
            var dense = await index.SearchDenseAsync(vector, options.Candidates, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
            found.Add(new Candidates(question, dense, await index.SearchLexicalAsync(question.Text, options.Candidates, ChunkFilter.None, cancellationToken).ConfigureAwait(false)));
            count.Add(fromCache: false, failed: false);
        }

        var fit = new WeightFit(asked.Count, [.. Weights.Select(weight => Score(weight, corpus, found, candidates => candidates.Fuse(corpus, weight)))], [], []);
        if (reranker is null) return fit;

        var read = await RerankAsync(corpus, found, fit.BestDense, reranker, options, progress, cacheFolder, cancellationToken).ConfigureAwait(false);
        fit = fit with { Rerank = [.. Weights.Select(weight => Score(weight, corpus, found, candidates => read[candidates].At(weight)))] };
        return fit with { Exits = [.. Borders.Select(border => Exit(border, fit.BestRerank!.Value, corpus, found, read))] };
    }

    private static async Task<Dictionary<Candidates, Reread>> RerankAsync(
        CorpusChunks corpus, IReadOnlyList<Candidates> found, double denseWeight, Reranker reranker, RetrievalOptions options, IProgress<EvaluationProgress>? progress, string? cacheFolder,
        CancellationToken cancellationToken)
    {
        using var cache = cacheFolder is null ? null : new ContentCache<IReadOnlyList<float>>(cacheFolder, "fit " + reranker.Id, $"{reranker.Id}; {corpus.Identity}; {ProgramIdentity.Of(reranker.GetType())}");
        var count = new StageCount("reranker", found.Count, progress, TimeProvider.System);
        var read = new Dictionary<Candidates, Reread>();
        foreach (var candidates in found)
        {
            var fused = candidates.Fuse(corpus, denseWeight);
            var head = fused.Take(options.Reranked).ToList();
            var key = candidates.Question.Text + "\n" + string.Join(' ', head.Select(hit => hit.Chunk.Id));
            var kept = cache?.Find(key);
            var scores = kept ?? await reranker.ScoreAsync(candidates.Question.Text, [.. head.Select(hit => hit.Chunk.EmbeddedText)], cancellationToken).ConfigureAwait(false);
            if (kept is null) cache?.Keep(key, scores);
            read[candidates] = new Reread([.. head.Zip(scores, (hit, score) => hit with { Reranked = score })], [.. fused.Skip(scores.Count)]);
            count.Add(kept is not null, failed: false);
        }

        return read;
    }

    private static FittedExit Exit(double border, double weight, CorpusChunks corpus, IReadOnlyList<Candidates> found, Dictionary<Candidates, Reread> read)
    {
        var score = Score(weight, corpus, found, candidates => read[candidates].Lead <= border ? read[candidates].At(weight) : read[candidates].Unread);
        return new FittedExit(border, found.Average(candidates => read[candidates].Lead <= border ? 1.0 : 0), score.PageNdcg, score.HitAt1, score.HitAt2, score.HitAt10);
    }

    private static FittedWeight Score(double weight, CorpusChunks corpus, IReadOnlyList<Candidates> found, Func<Candidates, IReadOnlyList<RankedChunk>> rank)
    {
        var hits = found.ToDictionary(
            candidates => candidates.Question.Id,
            candidates => (IReadOnlyList<SearchHit>)[.. rank(candidates).Take(20).Select(hit => new SearchHit(hit.Chunk.Id.ToString(), hit.DocumentPath, hit.Chunk.FirstPage, hit.Chunk.LastPage, hit.Score))],
            StringComparer.Ordinal);
        var scoring = new SearchScoring([.. found.Select(candidates => candidates.Question)], new Listed(corpus), hits);
        double Mean(string measure) => found.Average(candidates => scoring.Of(candidates.Question.Id)[measure]);
        return new FittedWeight(weight, Mean("page ndcg@10"), Mean("hit@1"), Mean("hit@2"), Mean("hit@10"));
    }

    /// <summary>Ties go to the weight nearest the middle.</summary>
    private static double Best(IReadOnlyList<FittedWeight> weights) => weights.OrderByDescending(entry => Math.Round(entry.PageNdcg, 6)).ThenBy(entry => Math.Abs(entry.Weight - 0.5)).First().Weight;

    /// <summary>A fused list whose head a reranker has read.</summary>
    private sealed record Reread(IReadOnlyList<RankedChunk> Head, IReadOnlyList<RankedChunk> Tail)
    {
        /// <summary>How far the search's first result lies before its second; a single one needs no reading.</summary>
        public double Lead => Head.Count < 2 ? double.PositiveInfinity : Head[0].Score - Head[1].Score;

        public IReadOnlyList<RankedChunk> Unread => [.. Head, .. Tail];

        public IReadOnlyList<RankedChunk> At(double weight) => [.. Retriever.Mix(Head, weight), .. Tail];
    }

    private sealed record Candidates(Question Question, IReadOnlyList<ScoredChunk> Dense, IReadOnlyList<ScoredChunk> Lexical)
    {
        public IReadOnlyList<RankedChunk> Fuse(CorpusChunks corpus, double weight)
        {
            var chunks = Dense.Concat(Lexical).Select(hit => hit.Chunk).DistinctBy(chunk => chunk.Id).ToDictionary(chunk => chunk.Id);
            var fused = Fusion.MinMax([.. Dense.Select(hit => (hit.Chunk.Id, hit.Score))], [.. Lexical.Select(hit => (hit.Chunk.Id, hit.Score))], weight);
            return [.. fused.Select((hit, i) => new RankedChunk(chunks[hit.Key], i + 1, hit.Score, null, null, null, corpus.Paths[chunks[hit.Key].DocumentId]))];
        }
    }

    /// <summary>A ranking that is made elsewhere; here it only says what there is.</summary>
    private sealed class Listed(CorpusChunks corpus) : PassageSearch
    {
        public override string Name => "fit";

        public override string Description => "";

        public override string Identity => corpus.Identity;

        public override IReadOnlyList<Chunks.Chunk> Chunks => corpus.Chunks;

        public override string PathOf(Chunks.Chunk chunk) => corpus.Paths[chunk.DocumentId];

        public override Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken = default) => throw new NotSupportedException("Rankings of a fit are made by weight.");
    }
}

using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Runs;

/// <summary>What one weight gave.</summary>
/// <param name="PageNdcg">nDCG@10 of pages.</param>
public sealed record FittedWeight(double Weight, double PageNdcg, double HitAt2, double HitAt10);

/// <summary>
/// Measures every fusion weight, and every rerank weight on top of the best of them, on questions that are not the test's: train and validation. Searches run
/// once a question; a weight is only arithmetic.
/// </summary>
/// <param name="Dense">0, 0.1 … 1 on the embedder.</param>
/// <param name="Rerank">0, 0.1 … 1 on the reranker; empty without one. 0 is the search alone.</param>
public sealed record WeightFit(int Questions, IReadOnlyList<FittedWeight> Dense, IReadOnlyList<FittedWeight> Rerank)
{
    private static readonly double[] Weights = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    public double BestDense => Best(Dense);

    /// <summary>Null without a reranker.</summary>
    public double? BestRerank => Rerank.Count == 0 ? null : Best(Rerank);

    /// <param name="questions">Without those of the test split; those without evidence are left out.</param>
    /// <param name="reranker">Null fits the fusion alone.</param>
    public static async Task<WeightFit> MeasureAsync(
        CorpusChunks corpus, ChunkIndex index, Embedder embedder, Reranker? reranker, IReadOnlyList<Question> questions, RetrievalOptions options,
        IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
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

        var fit = new WeightFit(asked.Count, [.. Weights.Select(weight => Score(weight, corpus, found, candidates => candidates.Fuse(corpus, weight)))], []);
        if (reranker is null) return fit;

        count = new StageCount("reranker", asked.Count, progress, TimeProvider.System);
        var read = new Dictionary<Candidates, (IReadOnlyList<RankedChunk> Head, IReadOnlyList<RankedChunk> Tail)>();
        foreach (var candidates in found)
        {
            var fused = candidates.Fuse(corpus, fit.BestDense);
            var head = fused.Take(options.Reranked).ToList();
            var scores = await reranker.ScoreAsync(candidates.Question.Text, [.. head.Select(hit => hit.Chunk.EmbeddedText)], cancellationToken).ConfigureAwait(false);
            read[candidates] = ([.. head.Zip(scores, (hit, score) => hit with { Reranked = score })], [.. fused.Skip(scores.Count)]);
            count.Add(fromCache: false, failed: false);
        }

        return fit with { Rerank = [.. Weights.Select(weight => Score(weight, corpus, found, candidates => [.. Retriever.Mix(read[candidates].Head, weight), .. read[candidates].Tail]))] };
    }

    private static FittedWeight Score(double weight, CorpusChunks corpus, IReadOnlyList<Candidates> found, Func<Candidates, IReadOnlyList<RankedChunk>> rank)
    {
        var hits = found.ToDictionary(
            candidates => candidates.Question.Id,
            candidates => (IReadOnlyList<SearchHit>)[.. rank(candidates).Take(20).Select(hit => new SearchHit(hit.Chunk.Id.ToString(), hit.DocumentPath, hit.Chunk.FirstPage, hit.Chunk.LastPage, hit.Score))],
            StringComparer.Ordinal);
        var scoring = new SearchScoring([.. found.Select(candidates => candidates.Question)], new Listed(corpus), hits);
        double Mean(string measure) => found.Average(candidates => scoring.Of(candidates.Question.Id)[measure]);
        return new FittedWeight(weight, Mean("page ndcg@10"), Mean("hit@2"), Mean("hit@10"));
    }

    /// <summary>Ties go to the weight nearest the middle.</summary>
    private static double Best(IReadOnlyList<FittedWeight> weights) => weights.OrderByDescending(entry => Math.Round(entry.PageNdcg, 6)).ThenBy(entry => Math.Abs(entry.Weight - 0.5)).First().Weight;

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

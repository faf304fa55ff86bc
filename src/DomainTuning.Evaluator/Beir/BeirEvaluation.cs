using System.Runtime.CompilerServices;
using DomainTuning.Embeddings;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Statistics;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Beir;

/// <summary>
/// Searches a retrieval set by words, by meaning and by both, as the product searches, and scores the rankings. A passage with the id of its query is
/// kept: sets whose queries are passages (ArguAna) want it dropped, but here equal ids are mostly two separate countings.
/// </summary>
public static class BeirEvaluation
{
    /// <summary>Results kept a query. 100: recall@100, and the product's own number of candidates, so that fusion is the one that users get.</summary>
    public const int Depth = 100;

    private const string Deciding = "ndcg@10";

    /// <summary>What is measured: nDCG@10, MRR@10, recall@100, and MAP over the first 100.</summary>
    public static IReadOnlyList<RankingMeasure> Measures => RankingMeasure.Usual;

    /// <summary>The rankings of every way to search, each with its scores.</summary>
    /// <param name="index">Filled with <paramref name="folder"/>.</param>
    /// <param name="options">Fusion and weight of the hybrid search; mode, top and candidates are set here.</param>
    public static async Task<(BeirResult Result, IReadOnlyList<SearchRun> Runs)> RunAsync(
        BeirFolder folder, BeirIndex index, Embedder embedder, RetrievalOptions options, TimeProvider time, Reranker? reranker = null, CancellationToken cancellationToken = default)
    {
        if (folder.Queries.Count == 0) throw new BeirException($"qrels/{folder.Split}.tsv judges no query.");
        var retriever = new Retriever(index.Index, embedder, reranker);
        var (runs, searches) = (new List<SearchRun>(), new List<SearchScores>());
        foreach (var mode in new[] { SearchMode.Lexical, SearchMode.Dense, SearchMode.Hybrid })
        {
            var name = mode.ToString().ToLowerInvariant();
            var wanted = options with { Mode = mode, Top = Depth, Candidates = Math.Max(Depth, options.Candidates) };
            await retriever.SearchAsync(folder.Queries[0].Text, wanted, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
            var (results, latencies) = (new Dictionary<string, IReadOnlyList<ScoredDocument>>(StringComparer.Ordinal), new List<double>());
            await foreach (var (query, found, took) in SearchAsync(folder, index, retriever, wanted, time, cancellationToken).ConfigureAwait(false))
            {
                results[query] = found;
                latencies.Add(took.TotalMilliseconds);
            }

            var run = new SearchRun(name, results);
            runs.Add(run);
            searches.Add(Score(folder.Judgements, run, SearchLatency.Of(latencies)));
        }

        var comparisons = PairedComparison.AllPairs([.. searches.Select(search => new SystemScores(search.Name, search.PerQuery[Deciding]))]);
        var result = new BeirResult(
            folder.Name, folder.Split, embedder.Identity.ToString(), options.DenseWeight, Depth, index.Passages, folder.Judgements.Queries, searches, comparisons);
        return (result, runs);
    }

    /// <summary>Writes result.json, a TREC run a search, and the judgements beside them, so that any other tool can score again.</summary>
    public static async Task WriteAsync(string folder, BeirFolder set, BeirResult result, IReadOnlyList<SearchRun> runs, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        foreach (var run in runs) TrecFile.WriteRun(Path.Combine(folder, run.Name + ".trec"), run);
        TrecFile.WriteJudgements(Path.Combine(folder, "qrels.trec"), set.Judgements);
        await File.WriteAllTextAsync(Path.Combine(folder, "result.json"), result.ToJson(), cancellationToken).ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<(string Query, IReadOnlyList<ScoredDocument> Found, TimeSpan Took)> SearchAsync(
        BeirFolder folder, BeirIndex index, Retriever retriever, RetrievalOptions options, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var query in folder.Queries)
        {
            var start = time.GetTimestamp();
            var found = await retriever.SearchAsync(query.Text, options, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
            var took = time.GetElapsedTime(start);
            yield return (query.Id, [.. found.Select(hit => new ScoredDocument(index.IdOf(hit.Chunk.Id), hit.Score))], took);
        }
    }

    private static SearchScores Score(Judgements judgements, SearchRun run, SearchLatency latency)
    {
        var scores = RankingScores.Of(judgements, run, Measures);
        return new SearchScores(run.Name, Measures.ToDictionary(measure => measure.Name, measure => scores.Mean(measure.Name), StringComparer.Ordinal), scores.PerQuery, latency);
    }
}

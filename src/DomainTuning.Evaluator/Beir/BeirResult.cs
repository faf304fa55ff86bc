using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Beir;

/// <summary>Milliseconds from question to ranking, one question at a time, after one to warm up.</summary>
public sealed record SearchLatency(double MeanMs, double MedianMs, double P95Ms)
{
    internal static SearchLatency Of(IReadOnlyList<double> milliseconds) =>
        new(milliseconds.Average(), Sample.Percentile(milliseconds, 50), Sample.Percentile(milliseconds, 95));
}

/// <summary>One way to search, scored.</summary>
/// <param name="Means">By measure name, over all judged queries.</param>
/// <param name="PerQuery">By measure name, in the order of <see cref="BeirResult.Queries"/>.</param>
public sealed record SearchScores(
    string Name, IReadOnlyDictionary<string, double> Means, IReadOnlyDictionary<string, IReadOnlyList<double>> PerQuery, SearchLatency Latency);

/// <summary>A retrieval set evaluated: every way to search with its scores, and which differences are real.</summary>
/// <param name="Comparisons">Pairs by nDCG@10, p adjusted by Holm.</param>
public sealed record BeirResult(
    string Set, string Split, string Embedder, double DenseWeight, int Depth, int Passages, IReadOnlyList<string> Queries, IReadOnlyList<SearchScores> Searches, IReadOnlyList<PairedComparison> Comparisons)
{
    /// <summary>As written beside the run files.</summary>
    public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this, EvaluatorJson.Default.BeirResult);
}

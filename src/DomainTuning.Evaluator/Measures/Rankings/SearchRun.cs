namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>A document that a search returned. Higher scores are better.</summary>
public readonly record struct ScoredDocument(string Document, double Score);

/// <summary>What one system returned for every query: a TREC run. The order of a list means nothing, its scores rank.</summary>
/// <param name="Name">The run's tag in a file; no white space.</param>
public sealed record SearchRun(string Name, IReadOnlyDictionary<string, IReadOnlyList<ScoredDocument>> Results)
{
    /// <summary>A run of lists that are ranked already: scores fall from 1 by rank, so that no tie rule changes the order.</summary>
    public static SearchRun OfRanked(string name, IEnumerable<(string Query, IReadOnlyList<string> Documents)> ranked) => new(
        name,
        ranked.ToDictionary(
            query => query.Query,
            query => (IReadOnlyList<ScoredDocument>)[.. query.Documents.Distinct(StringComparer.Ordinal).Select((document, i) => new ScoredDocument(document, 1.0 / (i + 1)))],
            StringComparer.Ordinal));
}

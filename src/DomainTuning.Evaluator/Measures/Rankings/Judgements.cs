namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>
/// Which documents answer which query, and how well (qrels): 0 judged and not relevant, 1 and more relevant. A negative grade counts as not judged,
/// as in trec_eval. What a document is (a passage, a page, a file) is the caller's choice.
/// </summary>
public sealed class Judgements
{
    private static readonly IReadOnlyDictionary<string, int> None = new Dictionary<string, int>();
    private readonly Dictionary<string, IReadOnlyDictionary<string, int>> grades;

    public Judgements(IEnumerable<(string Query, string Document, int Grade)> judgements)
        : this(judgements.GroupBy(judgement => judgement.Query, StringComparer.Ordinal)
            .Select(query => new KeyValuePair<string, IReadOnlyDictionary<string, int>>(query.Key, OfOneQuery(query))))
    {
    }

    public Judgements(IEnumerable<KeyValuePair<string, IReadOnlyDictionary<string, int>>> byQuery) => grades = new(byQuery, StringComparer.Ordinal);

    /// <summary>Every judged query, in ordinal order.</summary>
    public IReadOnlyList<string> Queries => [.. grades.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Grade by document; empty for a query that nobody judged.</summary>
    public IReadOnlyDictionary<string, int> Of(string query) => grades.GetValueOrDefault(query, None);

    private static Dictionary<string, int> OfOneQuery(IEnumerable<(string Query, string Document, int Grade)> query)
    {
        var grades = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, document, grade) in query)
            if (!grades.TryAdd(document, grade)) throw new FormatException($"Document '{document}' is judged twice for query '{name}'. Keep one of the two lines.");
        return grades;
    }
}

using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Searches;

namespace DomainTuning.Evaluator.Runs;

/// <summary>What a ranking is a list of.</summary>
public enum RankingLevel
{
    /// <summary>Right is a chunk that holds an evidence quote on its page.</summary>
    Chunk,

    /// <summary>Right is an evidence page; a chunk over two pages is two results.</summary>
    Page,

    Document,
}

/// <summary>Which chunks, pages and documents answer which question, from the questions' evidence.</summary>
public sealed class EvidenceJudgements
{
    private readonly IReadOnlyList<Question> questions;
    private readonly PassageSearch search;

    /// <param name="questions">Those without evidence are left out.</param>
    public EvidenceJudgements(IEnumerable<Question> questions, PassageSearch search) =>
        (this.questions, this.search) = ([.. questions.Where(question => question.Evidence.Count > 0)], search);

    public Judgements At(RankingLevel level) => level switch
    {
        RankingLevel.Document => Of(questions, question => question.Evidence.Select(evidence => DocumentName(evidence.Document))),
        RankingLevel.Page => Pages(questions),
        _ => ChunkJudgements(),
    };

    /// <summary>The evidence pages, which no search's chunks decide.</summary>
    public static Judgements Pages(IEnumerable<Question> questions) => Of(questions, question => question.Evidence.Select(evidence => PageName(evidence.Document, evidence.Page)));

    /// <summary>A ranking's names at a level, each at its first place.</summary>
    public static IReadOnlyList<string> Names(IEnumerable<SearchHit> hits, RankingLevel level) =>
    [
        .. hits.SelectMany(hit => level switch
        {
            RankingLevel.Document => [DocumentName(hit.Document)],
            RankingLevel.Page => Enumerable.Range(hit.FirstPage, hit.LastPage - hit.FirstPage + 1).Select(page => PageName(hit.Document, page)),
            _ => [hit.Chunk],
        }).Distinct(StringComparer.Ordinal),
    ];

    private static string DocumentName(string document) => document.Replace(" ", "%20", StringComparison.Ordinal);

    private static string PageName(string document, int page) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{DocumentName(document)}:{page}");

    private Judgements ChunkJudgements()
    {
        var byPage = search.Chunks.SelectMany(chunk => chunk.Parts.Select(part => part.Page).Distinct().Select(page => (Key: (search.PathOf(chunk), page), Chunk: chunk)))
            .ToLookup(entry => entry.Key, entry => entry.Chunk);
        return Of(questions, question => question.Evidence.SelectMany(evidence =>
        {
            var onPage = byPage[(evidence.Document, evidence.Page)].ToList();
            var holding = onPage.Where(chunk => VerbatimText.Contains(chunk.Text, evidence.Quote)).ToList();
            // A quote that a cut divides stands whole in no chunk: then every chunk of its page counts.
            return (holding.Count > 0 ? holding : onPage).Select(chunk => chunk.Id.ToString());
        }));
    }

    private static Judgements Of(IEnumerable<Question> questions, Func<Question, IEnumerable<string>> names) =>
        new(questions.Select(question => new KeyValuePair<string, IReadOnlyDictionary<string, int>>(
            question.Id, names(question).Distinct(StringComparer.Ordinal).ToDictionary(name => name, _ => 1, StringComparer.Ordinal))));
}

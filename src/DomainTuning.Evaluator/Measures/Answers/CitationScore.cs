using DomainTuning.Corpora;
using DomainTuning.Documents;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>A page that an answer names as its source, with the words that it quotes from there.</summary>
/// <param name="Document">Path inside the corpus.</param>
/// <param name="Page">Physical page, from 1.</param>
public sealed record CitedPage(string Document, int Page, string Quote);

/// <summary>
/// Citations against the evidence of a question, by page. Evidence lists every page that proves the answer, so recall below 1 need not be a fault of an
/// answer whose one citation is right: <see cref="Hit"/> says that.
/// </summary>
/// <param name="Precision">Share of the cited pages that are evidence; null when nothing was cited.</param>
/// <param name="Recall">Share of the evidence pages that were cited.</param>
/// <param name="Hit">Any evidence page was cited.</param>
public sealed record CitationScore(double? Precision, double Recall, bool Hit)
{
    /// <exception cref="ArgumentException">The question has no evidence, so there is nothing to compare with.</exception>
    public static CitationScore Of(IEnumerable<CitedPage> citations, IReadOnlyList<QuestionEvidence> evidence)
    {
        if (evidence.Count == 0) throw new ArgumentException("A question without evidence has no right pages. Score its refusal instead.", nameof(evidence));
        var cited = citations.Select(citation => (citation.Document, citation.Page)).ToHashSet();
        var right = evidence.Select(entry => (entry.Document, entry.Page)).ToHashSet();
        var shared = cited.Count(right.Contains);
        return new CitationScore(cited.Count == 0 ? null : (double)shared / cited.Count, (double)shared / right.Count, shared > 0);
    }

    /// <summary>Share of the quotes that stand on their page, letter by letter (<see cref="VerbatimText"/>); null without quotes.</summary>
    /// <param name="pageText">The page's text, null where there is no such page.</param>
    public static double? VerbatimRate(IReadOnlyCollection<CitedPage> citations, Func<string, int, string?> pageText) => citations.Count == 0 ? null
        : (double)citations.Count(citation => pageText(citation.Document, citation.Page) is { } text && VerbatimText.Contains(text, citation.Quote)) / citations.Count;
}

using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Questions;

/// <summary>
/// Questions as judgements and search results as runs, at page or document level, so that rankings of different chunkings compare: what counts is
/// whether the evidence's page is found, not which chunk of it. Only questions with evidence are judged.
/// </summary>
public static class EvidenceRankings
{
    /// <summary>"manual.pdf#12". White space, which a TREC file cannot hold, is escaped as in a URL.</summary>
    public static string PageKey(string document, int page) => string.Create(CultureInfo.InvariantCulture, $"{DocumentKey(document)}#{page}");

    public static string DocumentKey(string document) => string.Concat(document.Select(c => char.IsWhiteSpace(c) ? Uri.EscapeDataString(c.ToString()) : c.ToString()));

    /// <summary>Every evidence page is relevant, grade 1.</summary>
    public static Judgements ByPage(IEnumerable<Question> questions) => Judge(questions, evidence => PageKey(evidence.Document, evidence.Page));

    public static Judgements ByDocument(IEnumerable<Question> questions) => Judge(questions, evidence => DocumentKey(evidence.Document));

    /// <summary>The pages that the chunks stand on, best first; a page counts where it comes first.</summary>
    public static IReadOnlyList<string> Pages(IEnumerable<RankedChunk> found) =>
        [.. found.SelectMany(hit => hit.Chunk.Parts.Select(part => part.Page).Distinct().Select(page => PageKey(hit.DocumentPath, page))).Distinct(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Documents(IEnumerable<RankedChunk> found) => [.. found.Select(hit => DocumentKey(hit.DocumentPath)).Distinct(StringComparer.Ordinal)];

    private static Judgements Judge(IEnumerable<Question> questions, Func<QuestionEvidence, string> key) => new(questions.Where(question => question.Evidence.Count > 0)
        .SelectMany(question => question.Evidence.Select(key).Distinct(StringComparer.Ordinal).Select(target => (question.Id, target, 1))));
}

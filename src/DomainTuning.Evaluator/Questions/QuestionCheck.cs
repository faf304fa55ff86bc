using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Evaluator.Questions;

/// <summary>
/// Proves a question set against the documents: every quote stands verbatim on its page (<see cref="VerbatimText"/>), an accepted answer stands in a
/// quote, no section and no near-duplicate is in two splits. Page texts come from the index, so what is proved is what search and answers see.
/// </summary>
public sealed class QuestionCheck
{
    /// <summary>A shorter quote stands on a page by chance.</summary>
    private const int ShortestQuote = 12;

    /// <summary>A longer one hides where the answer is.</summary>
    private const int LongestQuote = 400;

    private readonly QuestionFile file;
    private readonly ChunkIndex index;
    private readonly IReadOnlyDictionary<string, IndexedDocument> documents;
    private readonly Dictionary<(DocumentId Document, int Page), string?> pages = [];
    private readonly List<QuestionFinding> findings = [];

    private QuestionCheck(QuestionFile file, ChunkIndex index, IReadOnlyDictionary<string, IndexedDocument> documents)
    {
        this.file = file;
        this.index = index;
        this.documents = documents;
    }

    public static async Task<QuestionReport> RunAsync(QuestionFile file, ChunkIndex index, CancellationToken cancellationToken = default)
    {
        var documents = (await index.DocumentsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(document => document.Path, StringComparer.Ordinal);
        return await new QuestionCheck(file, index, documents).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<QuestionReport> RunAsync(CancellationToken cancellationToken)
    {
        findings.AddRange(file.Problems.Select(problem => new QuestionFinding(problem.Line, null, problem.Message)));
        foreach (var line in file.Lines) await CheckAsync(line, cancellationToken).ConfigureAwait(false);
        FindRepeatedIds();
        FindSplitSections();
        findings.AddRange(NearDuplicates.Find(file.Lines));
        return Report();
    }

    private async Task CheckAsync(QuestionLine line, CancellationToken cancellationToken)
    {
        var question = line.Question;
        if (!question.IsAnswerable)
        {
            if (question.Answers.Count > 0 || question.Evidence.Count > 0) Add(line, $"a {QuestionFile.NameOf(question.Kind)} question has no answer in the documents, but this one lists answers or evidence.");
            return;
        }

        if (question.Answers.Count == 0) Add(line, "has no accepted answer.");
        if (question.Evidence.Count == 0) Add(line, "has no evidence.");
        if (!question.Answers.Select(answer => answer.Length).SequenceEqual(question.Answers.Select(answer => answer.Length).Order())) Add(line, "the accepted answers must stand shortest first.");
        if (question.Kind == QuestionKind.MultiPage && question.Evidence.DistinctBy(evidence => (evidence.Document, evidence.Page)).Count() < 2) Add(line, "a multi-page question needs evidence on two pages.");
        foreach (var evidence in question.Evidence) await CheckAsync(line, evidence, cancellationToken).ConfigureAwait(false);
        if (NeedsAnswerInQuote(question) && question.Evidence.Count > 0 && !AnswerStandsInQuotes(question))
            Add(line, $"no accepted answer stands in a quote: {string.Join(" / ", question.Answers)}");
    }

    private async Task CheckAsync(QuestionLine line, QuestionEvidence evidence, CancellationToken cancellationToken)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"{evidence.Document} p. {evidence.Page}");
        if (evidence.Quote.Length is < ShortestQuote or > LongestQuote)
            Add(line, $"the quote from {where} has {evidence.Quote.Length.ToString(CultureInfo.InvariantCulture)} characters; {ShortestQuote} to {LongestQuote} are expected.");
        if (!documents.TryGetValue(evidence.Document, out var document)) Add(line, $"there is no document '{evidence.Document}' in the index.");
        else if (await PageAsync(document.Id, evidence.Page, cancellationToken).ConfigureAwait(false) is not { } page)
            Add(line, $"{evidence.Document} has {document.Pages.ToString(CultureInfo.InvariantCulture)} pages; there is no page {evidence.Page.ToString(CultureInfo.InvariantCulture)}.");
        else if (!page.Contains(VerbatimText.Fold(evidence.Quote), StringComparison.Ordinal)) Add(line, $"the quote is not on {where}: \"{evidence.Quote}\"");
    }

    private static bool NeedsAnswerInQuote(Question question) => question.Kind is not (QuestionKind.Comparison or QuestionKind.Procedure);

    private static bool AnswerStandsInQuotes(Question question)
    {
        var quotes = question.Evidence.Select(evidence => VerbatimText.Fold(evidence.Quote)).ToList();
        return question.Answers.Select(VerbatimText.Fold).Any(answer => quotes.Exists(quote => quote.Contains(answer, StringComparison.OrdinalIgnoreCase)));
    }

    private async Task<string?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken)
    {
        if (pages.TryGetValue((document, page), out var known)) return known;
        var text = await index.PageAsync(document, page, cancellationToken).ConfigureAwait(false);
        return pages[(document, page)] = text is null ? null : VerbatimText.Fold(text.Text);
    }

    private void FindRepeatedIds()
    {
        foreach (var line in file.Lines.GroupBy(line => line.Question.Id, StringComparer.Ordinal).SelectMany(group => group.Skip(1)))
            Add(line, "another question has this id.");
    }

    private void FindSplitSections()
    {
        foreach (var section in file.Lines.GroupBy(line => line.Question.Section, StringComparer.Ordinal).OrderBy(section => section.Key, StringComparer.Ordinal))
            if (section.Select(line => line.Question.Split).Distinct().Order().ToList() is { Count: > 1 } splits)
                findings.Add(new QuestionFinding(null, null, $"section '{section.Key}' is in {string.Join(" and ", splits.Select(QuestionFile.NameOf))}. A section belongs to one split."));
    }

    private void Add(QuestionLine line, string message) => findings.Add(new QuestionFinding(line.Line, line.Question.Id, message));

    private QuestionReport Report()
    {
        var questions = file.Lines.Select(line => line.Question).ToList();
        var unanswerable = questions.Count(question => !question.IsAnswerable);
        return new QuestionReport(
            index.Manifest.Corpus,
            questions.Count,
            Counts(questions),
            Enum.GetValues<QuestionKind>().ToDictionary(QuestionFile.NameOf, kind => (IReadOnlyDictionary<string, int>)Counts(questions.Where(question => question.Kind == kind)), StringComparer.Ordinal),
            questions.Select(question => question.Section).Distinct(StringComparer.Ordinal).Count(),
            questions.Sum(question => question.Evidence.Count),
            unanswerable,
            questions.Count == 0 ? 0 : (double)unanswerable / questions.Count,
            findings);
    }

    private static Dictionary<string, int> Counts(IEnumerable<Question> questions)
    {
        var counts = questions.CountBy(question => question.Split).ToDictionary();
        return Enum.GetValues<QuestionSplit>().ToDictionary(QuestionFile.NameOf, split => counts.GetValueOrDefault(split), StringComparer.Ordinal);
    }
}

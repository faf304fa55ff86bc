using System.Globalization;

namespace DomainTuning.Evaluator.Questions;

/// <summary>Something that is wrong with a question set.</summary>
/// <param name="Line">In questions.jsonl, from 1; null for what concerns several lines.</param>
public sealed record QuestionFinding(int? Line, string? Question, string Message)
{
    public override string ToString() =>
        (Line is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line}: ") : "") + (Question is null ? "" : $"{Question}: ") + Message;
}

/// <summary>What a question set holds, and what is wrong with it.</summary>
/// <param name="KindsBySplit">Kind, then split, to count, by the names in the file.</param>
/// <param name="UnanswerableShare">Of the questions, 0 to 1.</param>
/// <param name="Quotes">Evidence quotes that were looked up on their page.</param>
public sealed record QuestionReport(
    string Corpus,
    int Questions,
    IReadOnlyDictionary<string, int> Splits,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> KindsBySplit,
    int Sections,
    int Quotes,
    int Unanswerable,
    double UnanswerableShare,
    IReadOnlyList<QuestionFinding> Findings)
{
    public bool IsSound => Findings.Count == 0;

    public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this, EvaluatorJson.Default.QuestionReport);
}

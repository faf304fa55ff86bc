using System.Globalization;
using System.Text;
using DomainTuning.Evaluator.Forgetting;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>How numbers and names read in every form of the report.</summary>
internal static class ReportText
{
    /// <summary>Columns of the arms' table: measure, heading.</summary>
    public static readonly (string Measure, string Heading)[] ArmColumns =
    [
        ("correct", "correct"), ("contained", "contained"), ("f1", "F1"), ("em", "exact"), ("f1_zh", "F1 (characters)"), ("em_zh", "exact (characters)"), ("rougeL", "ROUGE-L"), ("chrf", "chrF"), ("numeric", "number"),
        ("refusal right", "refusal right"), ("citation precision", "citation precision"), ("citation recall", "citation recall"), ("citation hit", "citation hit"), ("verbatim", "verbatim"),
    ];

    public static readonly (string Measure, string Heading)[] SearchColumns =
    [
        ("hit@1", "page @1"), ("hit@2", "page @2"), ("hit@5", "page @5"), ("hit@10", "page @10"), ("page ndcg@10", "nDCG@10 page"), ("page mrr@10", "MRR page"), ("page map", "MAP page"),
        ("page r@10", "recall@10 page"), ("chunk ndcg@10", "nDCG@10 chunk"), ("chunk r@10", "recall@10 chunk"), ("document ndcg@10", "nDCG@10 document"),
    ];

    public const string ForgettingNote =
        "General prose and questions about general passages, under the base model and under each adapter of it. Perplexity: a ratio above 1 says that the adapter made the model worse at text of no domain. "
        + "Intervals are over pieces of text and over questions, both sides drawn together.";

    public static readonly IReadOnlyList<string> AdapterHeadings = ["adapter", "trained on", "perplexity before", "after", "ratio", "reading F1 before", "after", "difference in points", "verdict"];

    public static IEnumerable<string> AdapterCells(AdapterSummary adapter)
    {
        if (adapter.Forgetting is not { } forgetting) return [adapter.Name, adapter.Provenance, "–", "–", "–", "–", "–", "–", "not measured"];
        var (perplexity, reading) = (forgetting.Perplexity, forgetting.Reading);
        return
        [
            adapter.Name, adapter.Provenance, Ratio(perplexity?.Before), Ratio(perplexity?.After), perplexity is null ? "–" : $"×{Ratio(perplexity.Ratio.Mean)} [{Ratio(perplexity.Ratio.Low)}, {Ratio(perplexity.Ratio.High)}]",
            Share(reading.Before), Share(reading.After), $"{Points(reading.Difference.Difference)} [{Points(reading.Difference.Low)}, {Points(reading.Difference.High)}], p = {P(reading.Difference.P)}", Verdict(forgetting),
        ];
    }

    private static string Verdict(AdapterForgetting forgetting)
    {
        var prose = forgetting.Perplexity is not { } change ? "prose: the model gives no probabilities"
            : change.IsDistinguishable ? $"prose: {(change.Ratio.Mean > 1 ? "worse" : "better")}"
            : string.Create(CultureInfo.InvariantCulture, $"prose: not distinguishable with {change.Pieces} pieces");
        var row = forgetting.Reading.Difference;
        return prose + "; reading: " + (row.Distinguishable ? row.Difference > 0 ? "better" : "worse" : string.Create(CultureInfo.InvariantCulture, $"not distinguishable with n = {row.Questions}"));
    }

    private static string Ratio(double? value) => value is null ? "–" : value.Value.ToString("0.00", CultureInfo.InvariantCulture);

    public static string Share(double value) => (100 * value).ToString("0.0", CultureInfo.InvariantCulture);

    public static string Share(MeanScore score) => string.Create(CultureInfo.InvariantCulture, $"{Share(score.Mean)} [{Share(score.Low)}, {Share(score.High)}]");

    public static string Points(double value) => (100 * value).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    public static string P(double value) => value < 0.0001 ? "< 0.0001" : value.ToString("0.0000", CultureInfo.InvariantCulture);

    public static string Seconds(double? value) => value is null ? "–" : value.Value.ToString("0.00", CultureInfo.InvariantCulture);

    public static string Number(double? value) => value is null ? "–" : value.Value.ToString("0.#", CultureInfo.InvariantCulture);

    public static string Verdict(PairRow row)
    {
        if (row.Distinguishable) return $"{(row.Difference > 0 ? row.First : row.Second)} is better";
        var found = row.Detectable == 0 ? "no question differs"
            : row.Detectable > 1 ? "too few questions for any difference"
            : $"from {Share(row.Detectable)} points on it would be found in four of five such tests";
        return string.Create(CultureInfo.InvariantCulture, $"not distinguishable with n = {row.Questions} ({found})");
    }

    /// <summary>Those columns that any of the rows has.</summary>
    public static IReadOnlyList<(string Measure, string Heading)> Present((string Measure, string Heading)[] columns, IEnumerable<IReadOnlyDictionary<string, MeanScore>> rows)
    {
        var known = rows.SelectMany(row => row.Keys).ToHashSet(StringComparer.Ordinal);
        return [.. columns.Where(column => known.Contains(column.Measure))];
    }

    /// <summary>The setting in lines for a reader.</summary>
    public static IEnumerable<(string Name, string Value)> Facts(EvaluationResult result)
    {
        var unanswerable = result.Questions.Count(question => !question.Question.IsAnswerable);
        yield return ("questions", string.Create(CultureInfo.InvariantCulture, $"{result.Questions.Count} of the {result.Recipe.Split} split, {unanswerable} of them without an answer in the documents"));
        yield return ("corpus", string.Create(CultureInfo.InvariantCulture, $"{result.Corpus.Name}: {result.Corpus.DocumentSha256.Count} documents, {result.Corpus.Chunks} chunks, {result.Corpus.Embedder}"));
        yield return ("chat model", result.Recipe.ChatModel);
        yield return ("command", result.Command);
        yield return ("machine", string.Create(CultureInfo.InvariantCulture, $"{result.Machine.Processor}, {result.Machine.Cores} cores, {result.Machine.MemoryGigabytes} GB, {result.Machine.System}, {result.Machine.Runtime}"));
        yield return ("when", string.Create(CultureInfo.InvariantCulture, $"{result.StartedAt:yyyy-MM-dd HH:mm} UTC, {result.Seconds:0} s, peak memory {result.Machine.PeakMemoryGigabytes} GB, program {result.Program}"));
    }

    /// <summary>A table cell: no bar and no line break may leave it, and nothing in it is markup. Texts come from documents and models.</summary>
    public static string Cell(string text)
    {
        var cell = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings(" ")) cell.Append(c is '|' or '<' or '>' or '[' or ']' or '`' or '*' or '_' or '\\' or '!' ? $"\\{c}" : char.IsControl(c) ? " " : c.ToString());
        return cell.ToString();
    }
}

using System.Globalization;
using System.Text;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>The tables of a result as Markdown, for a repository and a terminal. Single questions stand in the HTML report.</summary>
public static class MarkdownReport
{
    public static string Write(EvaluationResult result)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Evaluation of {ReportText.Cell(result.Corpus.Name)}: {ReportText.Cell(result.Run)}\n\n");
        foreach (var (name, value) in ReportText.Facts(result)) text.Append(CultureInfo.InvariantCulture, $"- {name}: {ReportText.Cell(value)}\n");
        foreach (var note in result.Notes) text.Append(CultureInfo.InvariantCulture, $"- **Note:** {ReportText.Cell(note)}\n");
        text.Append("\nShares are in percent with their 95 % bootstrap interval. docs/guides/evaluating.md says how to read them.\n");
        Arms(text, result);
        Pairs(text, "Are the arms different?", [.. result.ArmPairs.Where(row => row.Kind is null && row.Measure == AnswerScoring.Correct)]);
        Kinds(text, result);
        Adapters(text, result.Adapters);
        Searches(text, result);
        Pairs(text, "Are the searches different? (evidence page in the first two)", [.. result.SearchPairs.Where(row => row.Measure == "hit@2")]);
        Cost(text, result);
        Judge(text, result);
        return text.ToString();
    }

    /// <summary>The table of `evaluate forgetting`.</summary>
    public static string Write(IReadOnlyList<AdapterSummary> adapters)
    {
        var text = new StringBuilder();
        Adapters(text, adapters);
        return text.ToString().TrimStart('\n');
    }

    private static void Arms(StringBuilder text, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        text.Append("\n## Answers\n\n");
        var columns = ReportText.Present(ReportText.ArmColumns, result.Arms.Select(arm => arm.Scores));
        Row(text, ["arm", .. columns.Select(column => column.Heading), "correct / wrong / refused / errors"]);
        Rule(text, columns.Count + 2);
        foreach (var arm in result.Arms)
            Row(text, [ReportText.Cell(arm.Name), .. columns.Select(column => arm.Scores.TryGetValue(column.Measure, out var score) ? ReportText.Share(score) : "–"), $"{arm.Correct} / {arm.Wrong} / {arm.Refused} / {arm.Errors}"]);
        text.Append('\n');
        foreach (var arm in result.Arms) text.Append(CultureInfo.InvariantCulture, $"- {ReportText.Cell(arm.Name)}: {ReportText.Cell(arm.Description)}\n");
    }

    private static void Kinds(StringBuilder text, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        text.Append("\n## Correct by kind of question\n\n");
        Row(text, ["kind", "n", .. result.Arms.Select(arm => ReportText.Cell(arm.Name))]);
        Rule(text, result.Arms.Count + 2);
        foreach (var kind in result.Arms[0].ByKind.Keys)
            Row(text, [kind, result.Arms[0].ByKind[kind][AnswerScoring.Correct].Questions.ToString(CultureInfo.InvariantCulture), .. result.Arms.Select(arm => ReportText.Share(arm.ByKind[kind][AnswerScoring.Correct]))]);
        foreach (var row in result.ArmPairs.Where(row => row.Kind is not null && row.Distinguishable))
            text.Append(CultureInfo.InvariantCulture, $"\n{row.Kind}: {ReportText.Cell(ReportText.Verdict(row))} ({ReportText.Cell(row.First)} − {ReportText.Cell(row.Second)} = {ReportText.Points(row.Difference)} points, p = {ReportText.P(row.AdjustedP)}, n = {row.Questions}).\n");
    }

    private static void Adapters(StringBuilder text, IReadOnlyList<AdapterSummary> adapters)
    {
        if (adapters.Count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $"\n## Adapters: provenance and forgetting\n\n{ReportText.ForgettingNote}\n\n");
        Row(text, ReportText.AdapterHeadings);
        Rule(text, ReportText.AdapterHeadings.Count);
        foreach (var adapter in adapters) Row(text, ReportText.AdapterCells(adapter).Select((cell, i) => i == 0 ? ReportText.Cell(cell) : cell));
    }

    private static void Searches(StringBuilder text, EvaluationResult result)
    {
        if (result.Searches.Count == 0) return;
        text.Append("\n## Retrieval\n\n");
        var columns = ReportText.Present(ReportText.SearchColumns, result.Searches.Select(search => search.Scores));
        Row(text, ["search", .. columns.Select(column => column.Heading), "s, median"]);
        Rule(text, columns.Count + 2);
        foreach (var search in result.Searches)
            Row(text, [ReportText.Cell(search.Name), .. columns.Select(column => search.Scores.TryGetValue(column.Measure, out var score) ? ReportText.Share(score) : "–"), ReportText.Seconds(search.MedianSeconds)]);
        text.Append('\n');
        foreach (var search in result.Searches) text.Append(CultureInfo.InvariantCulture, $"- {ReportText.Cell(search.Name)}: {ReportText.Cell(search.Description)}\n");
    }

    private static void Pairs(StringBuilder text, string heading, IReadOnlyList<PairRow> rows)
    {
        if (rows.Count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $"\n## {heading}\n\n");
        Row(text, ["pair", "difference in points", "p", "p (Holm)", "p (McNemar)", "verdict"]);
        Rule(text, 6);
        foreach (var row in rows)
            Row(text,
            [
                $"{ReportText.Cell(row.First)} − {ReportText.Cell(row.Second)}", $"{ReportText.Points(row.Difference)} [{ReportText.Points(row.Low)}, {ReportText.Points(row.High)}]", ReportText.P(row.P),
                ReportText.P(row.AdjustedP), row.McNemarP is { } p ? ReportText.P(p) : "–", ReportText.Cell(ReportText.Verdict(row)),
            ]);
    }

    private static void Cost(StringBuilder text, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        text.Append(CultureInfo.InvariantCulture, $"\n## Cost\n\nMedian seconds with {result.Recipe.Parallel} questions at once; mean tokens. Answers that came from the cache keep the times of the run that made them.\n\n");
        Row(text, ["arm", "retrieval s", "first token s", "total s", "prompt tokens", "written tokens", "tokens/s"]);
        Rule(text, 7);
        foreach (var arm in result.Arms)
            Row(text, [ReportText.Cell(arm.Name), ReportText.Seconds(arm.Cost.RetrievalSeconds), ReportText.Seconds(arm.Cost.FirstTokenSeconds), ReportText.Seconds(arm.Cost.TotalSeconds), ReportText.Number(arm.Cost.PromptTokens), ReportText.Number(arm.Cost.CompletionTokens), ReportText.Number(arm.Cost.TokensPerSecond)]);
    }

    private static void Judge(StringBuilder text, EvaluationResult result)
    {
        if (result.Judge is not { } judge) return;
        text.Append(CultureInfo.InvariantCulture, $"\n## Judge\n\n{ReportText.Cell(judge.Model)} judged {judge.Judged} answers and failed on {judge.Failures}.");
        if (judge.Agreement is { } agreement) text.Append(CultureInfo.InvariantCulture, $" It agrees with gold on {ReportText.Share(agreement)} % (kappa {(judge.Kappa is { } kappa ? kappa.ToString("0.00", CultureInfo.InvariantCulture) : "undefined")}).");
        text.Append('\n');
        foreach (var (arm, share) in judge.SaysCorrect) text.Append(CultureInfo.InvariantCulture, $"- {ReportText.Cell(arm)}: {ReportText.Share(share)} % of the judged answers called right\n");
    }

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static void Rule(StringBuilder text, int columns) => text.Append('|').Append(string.Concat(Enumerable.Repeat("---|", columns))).Append('\n');
}

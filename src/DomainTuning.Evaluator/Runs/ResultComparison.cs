using System.Globalization;
using System.Text;
using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Runs;

/// <summary>A question that one run got right and the other did not.</summary>
public sealed record ChangedQuestion(string Arm, string Question, string Text, string Before, string After);

/// <summary>Two results on the questions that both hold: every arm and search that both have, measure by measure, and the questions that changed sides.</summary>
public sealed record ResultComparison(string Before, string After, int Questions, IReadOnlyList<PairRow> Rows, IReadOnlyList<ChangedQuestion> Changed)
{
    private static readonly string[] AnswerMeasures = [AnswerScoring.Correct, "f1", "contained", AnswerScoring.RefusalRight];
    private static readonly string[] SearchMeasures = ["hit@2", "hit@10", "page ndcg@10"];

    public static ResultComparison Of(EvaluationResult before, EvaluationResult after)
    {
        var old = before.Questions.ToDictionary(question => question.Question.Id, StringComparer.Ordinal);
        var common = after.Questions.Where(question => old.ContainsKey(question.Question.Id)).Select(question => (Before: old[question.Question.Id], After: question)).ToList();
        if (common.Count == 0) throw new EvaluationException($"{before.Run} and {after.Run} have no question in common; there is nothing to compare.");
        var rows = new List<PairRow>();
        foreach (var search in before.Searches.Select(search => search.Name).Intersect(after.Searches.Select(search => search.Name), StringComparer.Ordinal))
            foreach (var measure in SearchMeasures)
                rows.AddRange(Row(search, measure, common.Select(pair => (Find(pair.Before.Searches[search].Scores, measure), Find(pair.After.Searches[search].Scores, measure)))));
        var arms = before.Arms.Select(arm => arm.Name).Intersect(after.Arms.Select(arm => arm.Name), StringComparer.Ordinal).ToList();
        foreach (var arm in arms)
            foreach (var measure in AnswerMeasures)
                rows.AddRange(Row(arm, measure, common.Select(pair => (Find(pair.Before.Answers[arm].Scores, measure), Find(pair.After.Answers[arm].Scores, measure)))));
        var changed = arms.SelectMany(arm => common.Where(pair => (pair.Before.Answers[arm].Outcome == "correct") != (pair.After.Answers[arm].Outcome == "correct"))
            .Select(pair => new ChangedQuestion(arm, pair.After.Question.Id, pair.After.Question.Text, pair.Before.Answers[arm].Outcome, pair.After.Answers[arm].Outcome)));
        // Holm over all rows: the table is read as a whole.
        var adjusted = MultipleTests.Holm([.. rows.Select(row => row.P)]);
        return new ResultComparison(
            before.Run, after.Run, common.Count, [.. rows.Zip(adjusted, (row, p) => row with { AdjustedP = p, Distinguishable = p < DetectableDifference.Alpha })], [.. changed]);
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Before} → {After}\n\n{Questions} questions in common. Difference: after − before, with its 95 % interval; p after Holm over the table.\n\n");
        text.Append("| arm or search | measure | before | after | difference | p | n | |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var row in Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {row.First} | {row.Measure} | {row.SecondMean:0.000} | {row.FirstMean:0.000} | {row.Difference:+0.000;-0.000;0.000} [{row.Low:+0.000;-0.000;0.000}, {row.High:+0.000;-0.000;0.000}] | {row.AdjustedP:0.000} | {row.Questions} | {(row.Distinguishable ? (row.Difference > 0 ? "better" : "worse") : $"not distinguishable with n = {row.Questions}")} |\n");
        if (Changed.Count == 0) return text.ToString();
        text.Append("\n## Questions that changed sides\n\n");
        foreach (var change in Changed) text.Append(CultureInfo.InvariantCulture, $"- {change.Arm}, {change.Question}: {change.Before} → {change.After}. {change.Text}\n");
        return text.ToString();
    }

    private static IEnumerable<PairRow> Row(string name, string measure, IEnumerable<(double? Before, double? After)> scores)
    {
        var both = scores.Where(pair => pair.Before is not null && pair.After is not null).Select(pair => (Before: pair.Before!.Value, After: pair.After!.Value)).ToList();
        if (both.Count == 0) return [];
        var pair = PairedComparison.Between(new SystemScores(name, [.. both.Select(score => score.After)]), new SystemScores(name + " before", [.. both.Select(score => score.Before)]));
        return [Summaries.Row(measure, null, pair)];
    }

    private static double? Find(IReadOnlyDictionary<string, double> scores, string measure) => scores.TryGetValue(measure, out var score) ? score : null;
}

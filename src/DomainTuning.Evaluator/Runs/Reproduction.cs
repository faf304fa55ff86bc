using static System.FormattableString;

namespace DomainTuning.Evaluator.Runs;

/// <summary>A score that a recipe expects, and what a run gave; null where the run has no such score.</summary>
public sealed record ReproducedScore(ExpectedScore Expected, double? Actual)
{
    public bool Holds => Actual is { } actual && Math.Abs(actual - Expected.Value) <= Expected.Tolerance;

    public override string ToString() => Actual is { } actual
        ? Invariant($"{Expected.Of} {Expected.Measure}: expected {Expected.Value:0.0000} ± {Expected.Tolerance:0.0000}, got {actual:0.0000}{(Holds ? "" : $", moved by {actual - Expected.Value:+0.0000;-0.0000}")}")
        : Invariant($"{Expected.Of} {Expected.Measure}: expected {Expected.Value:0.0000}, but this run has no such score");
}

/// <summary>Makes a recipe's expected scores from a result, and holds a later result against them.</summary>
public static class Reproduction
{
    /// <summary>One question in a hundred changing sides is no news: another processor rounds otherwise.</summary>
    private const double Tolerance = 0.01;

    private static readonly string[] Searches = ["hit@2", "hit@10", "page ndcg@10"];
    private static readonly string[] Arms = [AnswerScoring.Correct, "f1", AnswerScoring.RefusalRight];

    public static EvaluationRecipe Expecting(EvaluationResult result) => result.Recipe with
    {
        Arms = [.. result.Arms.Select(arm => arm.Name)],
        Expected =
        [
            .. result.Searches.SelectMany(search => Of(search.Name, search.Scores, Searches)),
            .. result.Arms.SelectMany(arm => Of(arm.Name, arm.Scores, Arms)),
        ],
    };

    public static IReadOnlyList<ReproducedScore> Check(EvaluationRecipe recipe, EvaluationResult result)
    {
        var scores = result.Searches.Select(search => (search.Name, search.Scores)).Concat(result.Arms.Select(arm => (arm.Name, arm.Scores))).ToDictionary(entry => entry.Name, entry => entry.Scores, StringComparer.Ordinal);
        return [.. recipe.Expected.Select(expected => new ReproducedScore(
            expected, scores.TryGetValue(expected.Of, out var found) && found.TryGetValue(expected.Measure, out var score) ? score.Mean : null))];
    }

    private static IEnumerable<ExpectedScore> Of(string name, IReadOnlyDictionary<string, MeanScore> scores, string[] measures) =>
        measures.Where(scores.ContainsKey).Select(measure => new ExpectedScore(name, measure, Math.Round(scores[measure].Mean, 4), Tolerance));
}

using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Measures.Confidence;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Runs;

/// <summary>From scores by question to means, intervals and pairs.</summary>
internal sealed class Summaries(IReadOnlyList<QuestionResult> results, ulong seed)
{
    /// <summary>Compared between all arms, the first one also by question kind.</summary>
    private static readonly string[] ComparedAnswers = [AnswerScoring.Correct, "f1", "contained"];

    private static readonly string[] ComparedSearches = ["hit@2", "hit@10", "page ndcg@10"];

    public SearchSummary Of(PassageSearch search)
    {
        var found = results.Select(result => (result.Question, Found: result.Searches[search.Name])).ToList();
        var (all, byKind) = Means([.. found.Select(entry => (entry.Question, entry.Found.Scores))]);
        return new SearchSummary(
            search.Name, search.Description, search.Identity, all, byKind, found.Count(entry => entry.Found.Error is not null), Median(found.Select(entry => entry.Found.Seconds)));
    }

    public ArmSummary Of(EvaluationArm arm)
    {
        var given = results.Select(result => (result.Question, Given: result.Answers[arm.Name])).ToList();
        var answers = given.Select(entry => entry.Given.Answer).OfType<ArmAnswer>().ToList();
        int Count(string outcome) => given.Count(entry => entry.Given.Outcome == outcome);
        var (all, byKind) = Means([.. given.Select(entry => (entry.Question, entry.Given.Scores))]);
        return new ArmSummary(arm.Name, arm.Description, arm.Identity, Count("correct"), Count("wrong"), Count("refused"), Count("error"), all, byKind, Risk(arm.Name), Cost(answers));
    }

    public IReadOnlyList<PairRow> SearchPairs(IReadOnlyList<string> searches) =>
        [.. ComparedSearches.SelectMany(measure => Pairs(measure, null, searches, (result, name) => result.Searches[name].Scores, results))];

    public IReadOnlyList<PairRow> ArmPairs(IReadOnlyList<string> arms)
    {
        static IReadOnlyDictionary<string, double> Scores(QuestionResult result, string name) => result.Answers[name].Scores;
        var overall = ComparedAnswers.SelectMany(measure => Pairs(measure, null, arms, Scores, results));
        var byKind = results.GroupBy(result => result.Question.Kind).OrderBy(group => group.Key)
            .SelectMany(group => Pairs(ComparedAnswers[0], QuestionFile.NameOf(group.Key), arms, Scores, [.. group]));
        return [.. overall, .. byKind];
    }

    /// <summary>Means over all questions, and by kind, of one search or arm. All are resampled at once.</summary>
    private (IReadOnlyDictionary<string, MeanScore> All, IReadOnlyDictionary<string, IReadOnlyDictionary<string, MeanScore>> ByKind) Means(
        IReadOnlyList<(Question Question, IReadOnlyDictionary<string, double> Scores)> scores)
    {
        var wanted = Lists(null, scores).ToList();
        var kinds = scores.GroupBy(entry => entry.Question.Kind).OrderBy(group => group.Key).ToList();
        foreach (var kind in kinds) wanted.AddRange(Lists(QuestionFile.NameOf(kind.Key), kind));
        var means = wanted.Zip(Bootstrap.Means([.. wanted.Select(list => list.Scores)], seed: seed), (list, mean) =>
            (list.Kind, list.Measure, Score: new MeanScore(mean.Mean, mean.Interval.Low, mean.Interval.High, list.Scores.Count))).ToLookup(entry => entry.Kind);
        IReadOnlyDictionary<string, MeanScore> Of(string? kind) => means[kind].ToDictionary(entry => entry.Measure, entry => entry.Score, StringComparer.Ordinal);
        return (Of(null), kinds.Select(kind => QuestionFile.NameOf(kind.Key)).ToDictionary(kind => kind, Of, StringComparer.Ordinal));
    }

    private static IEnumerable<(string? Kind, string Measure, IReadOnlyList<double> Scores)> Lists(string? kind, IEnumerable<(Question Question, IReadOnlyDictionary<string, double> Scores)> scores) =>
        scores.SelectMany(entry => entry.Scores).GroupBy(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal).Select(group => (kind, group.Key, (IReadOnlyList<double>)[.. group]));

    private IEnumerable<PairRow> Pairs(
        string measure, string? kind, IReadOnlyList<string> names, Func<QuestionResult, string, IReadOnlyDictionary<string, double>> scores, IReadOnlyList<QuestionResult> among)
    {
        var common = among.Where(result => names.All(name => scores(result, name).ContainsKey(measure))).ToList();
        if (common.Count == 0 || names.Count < 2) return [];
        var systems = names.Select(name => new SystemScores(name, [.. common.Select(result => scores(result, name)[measure])])).ToList();
        return PairedComparison.AllPairs(systems, seed).Select(pair => Row(measure, kind, pair));
    }

    internal static PairRow Row(string measure, string? kind, PairedComparison pair) => new(
        measure, kind, pair.First, pair.Second, pair.Questions, pair.FirstMean, pair.SecondMean, pair.Difference.Mean, pair.Difference.Interval.Low, pair.Difference.Interval.High,
        pair.P, pair.AdjustedP, pair.McNemar?.MidP, pair.Detectable, pair.IsDistinguishable, pair.Verdict);

    /// <summary>Over the answers that were given; coverage counts all questions, so that a refusal shortens the curve.</summary>
    private IReadOnlyList<RiskPoint> Risk(string arm)
    {
        var given = results.Select(result => (Answer: result.Answers[arm], Confidence: ConfidenceOf(result, arm)))
            .Where(entry => entry.Confidence is not null && entry.Answer.Answer is { Refused: false }).ToList();
        if (given.Count == 0) return [];
        var curve = RiskCoverage.Of([.. given.Select(entry => entry.Confidence!.Value)], [.. given.Select(entry => entry.Answer.Outcome == "correct")]);
        return [.. curve.RiskAtRank.Select((risk, i) => new RiskPoint((i + 1.0) / results.Count, risk))];
    }

    /// <summary>The arm's own; for a model that reads what the quote arm reads, the quote arm's evidence for the same question.</summary>
    private static double? ConfidenceOf(QuestionResult result, string arm) =>
        result.Answers[arm].Answer is not { } answer ? null
        : answer.Confidence ?? (answer.Passages.Count == 0 ? null : result.Answers.Values.Select(other => other.Answer?.Confidence).FirstOrDefault(confidence => confidence is not null));

    private static ArmCost Cost(List<ArmAnswer> answers)
    {
        var first = answers.Select(answer => answer.Seconds.FirstToken).OfType<double>().ToList();
        var writing = answers.Where(answer => answer.CompletionTokens > 1 && answer.Seconds.FirstToken is { } start && answer.Seconds.Total > start)
            .Select(answer => (answer.CompletionTokens - 1) / (answer.Seconds.Total - answer.Seconds.FirstToken!.Value)).ToList();
        return new ArmCost(
            answers.Count == 0 ? 0 : answers.Average(answer => answer.PromptTokens), answers.Count == 0 ? 0 : answers.Average(answer => answer.CompletionTokens),
            Median(answers.Select(answer => answer.Seconds.Retrieval)), first.Count == 0 ? null : Median(first), Median(answers.Select(answer => answer.Seconds.Total)),
            writing.Count == 0 ? null : Median(writing));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[sorted.Count / 2];
    }
}

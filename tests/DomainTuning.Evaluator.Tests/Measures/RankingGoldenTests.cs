using System.Text.Json;
using DomainTuning.Evaluator.Measures.Rankings;

namespace DomainTuning.Evaluator.Tests.Measures;

/// <summary>trec_eval's values for 40 sets made to trip: ties, non-ASCII ids, missing queries, negative judgements, graded gains.</summary>
public sealed class RankingGoldenTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void EveryMeasureEqualsTrecEvalsForEveryQuery()
    {
        var compared = 0;
        foreach (var set in Golden.Read("retrieval.json").Items("sets"))
        {
            var (scores, measures) = Score(set, ScorePrecision.Single);
            foreach (var query in set.GetProperty("per_query").EnumerateObject())
                foreach (var measure in measures)
                {
                    var at = scores.Queries.ToList().IndexOf(query.Name);
                    Golden.Near(query.Value.Number(measure), scores.PerQuery[measure][at], Tolerance, $"{set.Text("name")} {query.Name} {measure}");
                    compared++;
                }
        }

        Assert.True(compared > 2500, $"Only {compared} values were compared.");
    }

    [Fact]
    public void MeansAreOverAllJudgedQueriesOrThoseReturned()
    {
        foreach (var set in Golden.Read("retrieval.json").Items("sets"))
        {
            var (scores, measures) = Score(set, ScorePrecision.Single);
            foreach (var measure in measures)
            {
                Golden.Near(set.GetProperty("mean_all_judged_queries").Number(measure), scores.Mean(measure), Tolerance, $"{set.Text("name")} {measure} with -c");
                Golden.Near(set.GetProperty("mean").Number(measure), scores.MeanOfReturned(measure), Tolerance, $"{set.Text("name")} {measure}");
            }

            Assert.Equal(set.GetProperty("judged_but_not_evaluated").Texts(), scores.Missing);
        }
    }

    [Fact]
    public void DoublePrecisionIsTrecEval10()
    {
        var set = Golden.Read("retrieval.json").Items("sets").Single(set => set.TryGetProperty("double_precision", out _));
        var (scores, _) = Score(set, ScorePrecision.Double);
        var expected = set.GetProperty("double_precision");
        if (expected.TryGetProperty("per_query", out var perQuery)) expected = perQuery;

        var compared = 0;
        foreach (var query in expected.EnumerateObject())
            foreach (var value in query.Value.EnumerateObject().Where(value => scores.PerQuery.ContainsKey(value.Name)))
            {
                Golden.Near(value.Value.GetDouble(), scores.PerQuery[value.Name][scores.Queries.ToList().IndexOf(query.Name)], Tolerance, value.Name);
                compared++;
            }

        Assert.True(compared > 0);
    }

    [Theory]
    [InlineData("ndcg@")]
    [InlineData("ndcg@0")]
    [InlineData("p")]
    [InlineData("recall")]
    [InlineData("bpref@5")]
    public void AnUnknownMeasureIsRefused(string name) => Assert.Throws<FormatException>(() => RankingMeasure.Parse(name));

    private static (RankingScores Scores, IReadOnlyList<string> Measures) Score(JsonElement set, ScorePrecision precision)
    {
        var judgements = new Judgements(set.GetProperty("qrels").EnumerateObject()
            .Select(query => KeyValuePair.Create(query.Name, (IReadOnlyDictionary<string, int>)query.Value.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32(), StringComparer.Ordinal))));
        var run = new SearchRun("golden", set.GetProperty("run").EnumerateObject().ToDictionary(
            query => query.Name, query => (IReadOnlyList<ScoredDocument>)[.. query.Value.EnumerateObject().Select(entry => new ScoredDocument(entry.Name, entry.Value.GetDouble()))], StringComparer.Ordinal));
        string[] measures = [.. set.GetProperty("mean").EnumerateObject().Select(value => value.Name).Where(name => !name.StartsWith("num_", StringComparison.Ordinal))];
        return (RankingScores.Of(judgements, run, [.. measures.Select(RankingMeasure.Parse)], set.Count("relevance_level"), precision), measures);
    }
}

namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>A run against judgements: each measure for each judged query, and the means.</summary>
public sealed record RankingScores
{
    /// <summary>The judged queries, in ordinal order; the scores stand in this order.</summary>
    public required IReadOnlyList<string> Queries { get; init; }

    /// <summary>Scores by measure name. A query that the run does not name has the measure's default.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double>> PerQuery { get; init; }

    /// <summary>Judged queries that the run does not name. One with an empty list is named: the system was asked and found nothing.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    public static RankingScores Of(
        Judgements judgements, SearchRun run, IReadOnlyList<RankingMeasure> measures, int relevanceLevel = 1, ScorePrecision precision = ScorePrecision.Single)
    {
        var queries = judgements.Queries;
        var rankings = queries.Select(query => run.Results.TryGetValue(query, out var results)
            ? JudgedRanking.Of(judgements.Of(query), results, relevanceLevel, precision)
            : null).ToList();
        return new RankingScores
        {
            Queries = queries,
            PerQuery = measures.ToDictionary(
                measure => measure.Name, measure => (IReadOnlyList<double>)[.. rankings.Select(ranking => ranking is null ? measure.Default : measure.Score(ranking))], StringComparer.Ordinal),
            Missing = [.. queries.Zip(rankings).Where(pair => pair.Second is null).Select(pair => pair.First)],
        };
    }

    /// <summary>Over all judged queries, missing ones included: trec_eval with -c.</summary>
    public double Mean(string measure) => Queries.Count == 0 ? 0 : PerQuery[measure].Average();

    /// <summary>Over the queries that the run names: trec_eval without -c. Flatters a run that leaves out what it cannot do.</summary>
    public double MeanOfReturned(string measure)
    {
        var missing = Missing.ToHashSet(StringComparer.Ordinal);
        return Queries.Zip(PerQuery[measure]).Where(pair => !missing.Contains(pair.First)).Select(pair => pair.Second).DefaultIfEmpty(0).Average();
    }
}

namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>One query's result list as the measures see it: grades in rank order, and what there was to find.</summary>
public sealed record JudgedRanking
{
    /// <summary>By rank; null where the document was not judged.</summary>
    public required IReadOnlyList<int?> Grades { get; init; }

    /// <summary>The grades above 0 of all judged documents, highest first.</summary>
    public required IReadOnlyList<int> Ideal { get; init; }

    /// <summary>A grade from here on counts as relevant for the measures that know only yes and no.</summary>
    public required int RelevanceLevel { get; init; }

    /// <summary>Judged documents that are relevant, found or not.</summary>
    public required int Relevant { get; init; }

    /// <summary>Judged documents that are not.</summary>
    public required int NotRelevant { get; init; }

    public static JudgedRanking Of(
        IReadOnlyDictionary<string, int> judgements, IEnumerable<ScoredDocument> results, int relevanceLevel = 1, ScorePrecision precision = ScorePrecision.Single)
    {
        var judged = judgements.Values.Where(grade => grade >= 0).ToList();
        return new JudgedRanking
        {
            Grades = [.. RankOrder.Of(results, precision).Select(document => judgements.TryGetValue(document, out var grade) && grade >= 0 ? grade : (int?)null)],
            Ideal = [.. judged.Where(grade => grade > 0).OrderDescending()],
            RelevanceLevel = relevanceLevel,
            Relevant = judged.Count(grade => grade >= relevanceLevel),
            NotRelevant = judged.Count(grade => grade < relevanceLevel),
        };
    }

    public bool IsRelevant(int index) => Grades[index] >= RelevanceLevel;

    /// <summary>Relevant documents among the first <paramref name="cutoff"/>.</summary>
    public int RelevantAmong(int cutoff)
    {
        var found = 0;
        for (var i = 0; i < Math.Min(cutoff, Grades.Count); i++)
            if (IsRelevant(i)) found++;
        return found;
    }
}

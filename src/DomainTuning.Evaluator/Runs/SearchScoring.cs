using DomainTuning.Corpora;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Searches;
using static System.FormattableString;

namespace DomainTuning.Evaluator.Runs;

/// <summary>Scores of one search by question: "hit@k" (an evidence page among the first k results), and the usual measures at page, chunk and document level.</summary>
internal sealed class SearchScoring
{
    public static readonly int[] Cutoffs = [1, 2, 5, 10];

    private static readonly IReadOnlyList<RankingMeasure> Measures =
        [RankingMeasure.Ndcg(10), RankingMeasure.ReciprocalRank(10), RankingMeasure.AveragePrecision(), .. Cutoffs.Select(RankingMeasure.Recall)];

    private readonly Dictionary<string, Dictionary<string, double>> scores = new(StringComparer.Ordinal);

    public SearchScoring(IReadOnlyList<Question> questions, PassageSearch search, IReadOnlyDictionary<string, IReadOnlyList<SearchHit>> found)
    {
        var judgements = new EvidenceJudgements(questions, search);
        foreach (var question in questions.Where(question => question.Evidence.Count > 0)) scores[question.Id] = Hits(question, found[question.Id]);
        foreach (var level in Enum.GetValues<RankingLevel>())
        {
            var run = SearchRun.OfRanked(search.Name, found.Select(entry => (entry.Key, EvidenceJudgements.Names(entry.Value, level))));
            var ranked = RankingScores.Of(judgements.At(level), run, Measures);
            foreach (var measure in Measures)
                foreach (var (query, score) in ranked.Queries.Zip(ranked.PerQuery[measure.Name]))
                    scores[query][$"{QuestionFile.NameOf(level)} {measure.Name}"] = score;
        }
    }

    /// <summary>Empty for a question without evidence.</summary>
    public IReadOnlyDictionary<string, double> Of(string question) => scores.TryGetValue(question, out var found) ? found : [];

    private static Dictionary<string, double> Hits(Question question, IReadOnlyList<SearchHit> hits)
    {
        var first = hits.ToList().FindIndex(hit => question.Evidence.Any(evidence => evidence.Document == hit.Document && evidence.Page >= hit.FirstPage && evidence.Page <= hit.LastPage));
        return Cutoffs.ToDictionary(k => Invariant($"hit@{k}"), k => first >= 0 && first < k ? 1.0 : 0);
    }
}

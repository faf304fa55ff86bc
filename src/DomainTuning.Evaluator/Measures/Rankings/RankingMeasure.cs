using System.Globalization;

namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>
/// A number for one query's ranking, 0 to 1, higher is better: a value with its name, what it means and where it was published. All equal trec_eval's.
/// A query that a run leaves out scores <see cref="Default"/>; it never vanishes from a mean.
/// </summary>
/// <param name="Name">As in <see cref="Parse"/>: "ndcg@10".</param>
public sealed record RankingMeasure(string Name, string Description, string Citation, Func<JudgedRanking, double> Score)
{
    /// <summary>What a query that a run leaves out scores.</summary>
    public double Default { get; init; }

    /// <summary>Discounted gain over the ideal one; the gain is the grade, the discount log2(rank + 1).</summary>
    public static RankingMeasure Ndcg(int? cutoff = null) => new(
        At("ndcg", cutoff), "normalised discounted cumulative gain, the grade as gain", "Järvelin and Kekäläinen, TOIS 20(4), 2002", ranking => Ndcg(ranking, cutoff, grade => grade));

    /// <summary>The same with 2^grade - 1 as gain, which weighs the best documents more.</summary>
    public static RankingMeasure NdcgExponential(int? cutoff = null) => new(
        At("ndcg_exp", cutoff), "normalised discounted cumulative gain, 2^grade - 1 as gain", "Burges et al., ICML 2005", ranking => Ndcg(ranking, cutoff, grade => Math.Pow(2, grade) - 1));

    /// <summary>1 / rank of the first relevant document, 0 when it stands after the cut-off.</summary>
    public static RankingMeasure ReciprocalRank(int? cutoff = null) => new(
        At("mrr", cutoff), "reciprocal rank of the first relevant document", "Kantor and Voorhees, Information Retrieval 2, 2000", ranking =>
        {
            for (var i = 0; i < Within(ranking, cutoff); i++)
                if (ranking.IsRelevant(i)) return 1.0 / (i + 1);
            return 0;
        });

    /// <summary>Precision at each relevant document, summed, over the number of relevant documents.</summary>
    public static RankingMeasure AveragePrecision(int? cutoff = null) => new(
        At("map", cutoff), "average precision", "Buckley and Voorhees, TREC: Experiment and Evaluation in Information Retrieval, 2005", ranking =>
        {
            var (found, sum) = (0, 0.0);
            for (var i = 0; i < Within(ranking, cutoff); i++)
                if (ranking.IsRelevant(i)) sum += (double)++found / (i + 1);
            return ranking.Relevant == 0 ? 0 : sum / ranking.Relevant;
        });

    /// <summary>Divided by the cut-off, also where fewer documents were returned.</summary>
    public static RankingMeasure Precision(int cutoff) => new(
        At("p", cutoff), "share of relevant documents among the first", "van Rijsbergen, Information Retrieval, 1979", ranking => (double)ranking.RelevantAmong(cutoff) / cutoff);

    public static RankingMeasure Recall(int cutoff) => new(
        At("r", cutoff), "share of the relevant documents that is among the first", "van Rijsbergen, Information Retrieval, 1979",
        ranking => ranking.Relevant == 0 ? 0 : (double)ranking.RelevantAmong(cutoff) / ranking.Relevant);

    /// <summary>1 when any relevant document is among the first: "hit rate".</summary>
    public static RankingMeasure Success(int cutoff) => new(
        At("success", cutoff), "whether a relevant document is among the first", "trec_eval", ranking => ranking.RelevantAmong(cutoff) > 0 ? 1 : 0);

    /// <summary>Precision at as many documents as there are relevant ones.</summary>
    public static RankingMeasure RPrecision { get; } = new(
        "rprec", "precision at the number of relevant documents", "Buckley and Voorhees, 2005",
        ranking => ranking.Relevant == 0 ? 0 : (double)ranking.RelevantAmong(ranking.Relevant) / ranking.Relevant);

    /// <summary>How seldom judged non-relevant documents stand before relevant ones; documents that nobody judged do not count.</summary>
    public static RankingMeasure Bpref { get; } = new(
        "bpref", "preference of judged relevant over judged non-relevant documents", "Buckley and Voorhees, SIGIR 2004", BinaryPreference);

    /// <summary>What a report shows when nobody asks for more.</summary>
    public static IReadOnlyList<RankingMeasure> Usual { get; } = [Ndcg(10), ReciprocalRank(10), Recall(100), AveragePrecision()];

    /// <summary>"ndcg@10", "mrr", "map@10", "p@5", "r@100", "success@1", "ndcg_exp@10", "rprec", "bpref".</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static RankingMeasure Parse(string name)
    {
        var parts = name.Split('@');
        int? cutoff = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var k) && k > 0 ? k : null;
        return (parts[0], cutoff, parts.Length) switch
        {
            (_, null, 2) => throw Unknown(name),
            ("ndcg", _, <= 2) => Ndcg(cutoff),
            ("ndcg_exp", _, <= 2) => NdcgExponential(cutoff),
            ("mrr", _, <= 2) => ReciprocalRank(cutoff),
            ("map", _, <= 2) => AveragePrecision(cutoff),
            ("p", { } first, 2) => Precision(first),
            ("r", { } first, 2) => Recall(first),
            ("success", { } first, 2) => Success(first),
            ("rprec", null, 1) => RPrecision,
            ("bpref", null, 1) => Bpref,
            _ => throw Unknown(name),
        };
    }

    public override string ToString() => Name;

    private static double Ndcg(JudgedRanking ranking, int? cutoff, Func<int, double> gain)
    {
        var ideal = Dcg(ranking.Ideal.Select(grade => (int?)grade), cutoff, gain);
        return ideal == 0 ? 0 : Dcg(ranking.Grades, cutoff, gain) / ideal;
    }

    private static double Dcg(IEnumerable<int?> grades, int? cutoff, Func<int, double> gain) =>
        grades.Take(cutoff ?? int.MaxValue).Select((grade, i) => grade is > 0 and { } value ? gain(value) / Math.Log2(i + 2) : 0).Sum();

    private static double BinaryPreference(JudgedRanking ranking)
    {
        if (ranking.Relevant == 0) return 0;
        var (before, sum) = (0, 0.0);
        for (var i = 0; i < ranking.Grades.Count; i++)
        {
            if (ranking.Grades[i] is null) continue;
            if (!ranking.IsRelevant(i)) before++;
            else sum += before == 0 ? 1 : 1 - ((double)Math.Min(before, ranking.Relevant) / Math.Min(ranking.NotRelevant, ranking.Relevant));
        }

        return sum / ranking.Relevant;
    }

    private static int Within(JudgedRanking ranking, int? cutoff) => Math.Min(cutoff ?? int.MaxValue, ranking.Grades.Count);

    private static string At(string name, int? cutoff) => cutoff is { } k ? string.Create(CultureInfo.InvariantCulture, $"{name}@{k}") : name;

    private static FormatException Unknown(string name) =>
        new($"'{name}' is not a measure of rankings. Known are ndcg, ndcg_exp, mrr and map, each also with a cut-off (ndcg@10), p@k, r@k, success@k, rprec and bpref.");
}

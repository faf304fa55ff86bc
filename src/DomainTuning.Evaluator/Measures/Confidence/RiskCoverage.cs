namespace DomainTuning.Evaluator.Measures.Confidence;

/// <summary>What a threshold would do: the share of questions still answered, and how many of those are right.</summary>
/// <param name="Accuracy">Null when nothing is answered.</param>
public sealed record SelectiveAccuracy(double Threshold, double Coverage, double? Accuracy);

/// <summary>
/// Errors among the answers given when the least confident are withheld: El-Yaniv and Wiener, JMLR 11, 2010; Geifman, Uziel and El-Yaniv, ICLR 2019 (excess AURC).
/// </summary>
public sealed record RiskCoverage
{
    private readonly IReadOnlyList<double> confidences;
    private readonly IReadOnlyList<bool> correct;

    private RiskCoverage(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct)
    {
        this.confidences = confidences;
        this.correct = correct;
        Order = [.. Enumerable.Range(0, confidences.Count).OrderByDescending(i => confidences[i])];
        RiskAtRank = Risks(Order.Select(i => correct[i]));
    }

    /// <summary>Places in the input, most confident first; ties keep the given order.</summary>
    public IReadOnlyList<int> Order { get; }

    /// <summary>[i]: share of errors among the i + 1 most confident answers.</summary>
    public IReadOnlyList<double> RiskAtRank { get; }

    /// <summary>Area under the curve: the mean of <see cref="RiskAtRank"/>.</summary>
    public double Area => RiskAtRank.Average();

    /// <summary>Minus the area of the perfect order.</summary>
    public double ExcessArea => Area - Risks(correct.OrderDescending()).Average();

    /// <summary>Chance that a right answer is more confident than a wrong one (AUROC, ties half); null when all are right or all are wrong.</summary>
    public double? Separation
    {
        get
        {
            var (right, wrong) = (Confidences(true), Confidences(false));
            if (right.Count == 0 || wrong.Count == 0) return null;
            return right.Average(r => wrong.Average(w => r > w ? 1 : r == w ? 0.5 : 0));
        }
    }

    public static RiskCoverage Of(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct)
    {
        Calibration.Check(confidences, correct);
        return new RiskCoverage(confidences, correct);
    }

    /// <summary>Share of errors when this share of the questions is answered, the most confident first.</summary>
    /// <param name="coverage">Above 0, at most 1.</param>
    public double RiskAt(double coverage)
    {
        if (!(coverage > 0 && coverage <= 1)) throw new ArgumentOutOfRangeException(nameof(coverage), coverage, "A share above 0 and at most 1 is expected.");
        return RiskAtRank[(int)Math.Ceiling((coverage * confidences.Count) - 1e-9) - 1];
    }

    /// <summary>Answers at or above the threshold are given, the others withheld.</summary>
    public SelectiveAccuracy At(double threshold)
    {
        var given = confidences.Zip(correct).Where(item => item.First >= threshold).ToList();
        return new SelectiveAccuracy(threshold, (double)given.Count / confidences.Count, given.Count == 0 ? null : given.Average(item => item.Second ? 1.0 : 0));
    }

    private static List<double> Risks(IEnumerable<bool> ordered)
    {
        var (risks, errors) = (new List<double>(), 0);
        foreach (var right in ordered)
        {
            if (!right) errors++;
            risks.Add((double)errors / (risks.Count + 1));
        }

        return risks;
    }

    private List<double> Confidences(bool right) => [.. confidences.Zip(correct).Where(item => item.Second == right).Select(item => item.First)];
}

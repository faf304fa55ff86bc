namespace DomainTuning.Evaluator.Measures.Confidence;

/// <summary>Answers whose confidence lies in one range.</summary>
/// <param name="Index">From 0.</param>
public sealed record ConfidenceBin(int Index, int Count, double Accuracy, double Confidence)
{
    internal double Gap => Math.Abs(Accuracy - Confidence);
}

/// <summary>
/// How well stated confidences agree with what came true: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017; Brier, 1950.
/// Confidences are probabilities of being right, 0 to 1.
/// </summary>
public static class Calibration
{
    /// <summary>Confidences are kept this far from 0 and 1 in the log loss, which one wrong certainty would make infinite.</summary>
    private const double Margin = 1e-12;

    /// <summary>Equal-width bins (lo, hi], 0 in the first; empty ones are left out.</summary>
    public static IReadOnlyList<ConfidenceBin> Bins(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct, int bins = 10)
    {
        Check(confidences, correct);
        return [.. confidences.Zip(correct).GroupBy(item => Math.Clamp(Place(item.First, bins), 0, bins - 1)).OrderBy(group => group.Key).Select(group => Bin(group.Key, [.. group]))];
    }

    /// <summary>Expected calibration error over equal-width bins.</summary>
    public static double ExpectedError(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct, int bins = 10) => Weighted(Bins(confidences, correct, bins), confidences.Count);

    /// <summary>The worst bin's.</summary>
    public static double MaximumError(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct, int bins = 10) => Bins(confidences, correct, bins).Max(bin => bin.Gap);

    /// <summary>Over parts of equal size, the larger ones first, of the answers by rising confidence: steadier where confidences crowd.</summary>
    public static double ExpectedErrorEqualMass(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct, int parts = 5)
    {
        Check(confidences, correct);
        var sorted = confidences.Zip(correct).OrderBy(item => item.First).ToList();
        var bins = new List<ConfidenceBin>();
        for (var (part, at) = (0, 0); part < parts; part++)
        {
            var size = (sorted.Count / parts) + (part < sorted.Count % parts ? 1 : 0);
            if (size > 0) bins.Add(Bin(part, sorted.GetRange(at, size)));
            at += size;
        }

        return Weighted(bins, sorted.Count);
    }

    public static double Brier(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct)
    {
        Check(confidences, correct);
        return confidences.Zip(correct, (confidence, right) => Math.Pow(confidence - (right ? 1 : 0), 2)).Average();
    }

    public static double LogLoss(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct)
    {
        Check(confidences, correct);
        return confidences.Select(confidence => Math.Clamp(confidence, Margin, 1 - Margin)).Zip(correct, (confidence, right) => -Math.Log(right ? confidence : 1 - confidence)).Average();
    }

    internal static void Check(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct)
    {
        if (confidences.Count == 0 || confidences.Count != correct.Count) throw new ArgumentException($"As many confidences ({confidences.Count}) as outcomes ({correct.Count}) are needed, and at least one.");
    }

    /// <summary>The bin whose range (lo, hi] holds the confidence, with the borders that floating point gives k / bins.</summary>
    private static int Place(double confidence, int bins)
    {
        var place = (int)Math.Ceiling(confidence * bins) - 1;
        if (confidence > (double)(place + 1) / bins) return place + 1;
        return place > 0 && confidence <= (double)place / bins ? place - 1 : place;
    }

    private static ConfidenceBin Bin(int index, List<(double Confidence, bool Right)> items) =>
        new(index, items.Count, items.Average(item => item.Right ? 1.0 : 0), items.Average(item => item.Confidence));

    private static double Weighted(IReadOnlyList<ConfidenceBin> bins, int total) => bins.Sum(bin => bin.Gap * bin.Count / total);
}

using static System.FormattableString;

namespace DomainTuning.Evaluator.Statistics;

/// <summary>Scores of one system, one a question, in the same order for every system of a comparison.</summary>
public sealed record SystemScores(string Name, IReadOnlyList<double> Scores);

/// <summary>
/// Two systems on the same questions, with all that is needed to say whether the difference is real. Made by <see cref="Between"/> for one pair or by
/// <see cref="AllPairs"/> for a table, where p is adjusted for the number of pairs (Holm).
/// </summary>
/// <param name="Difference">First minus second, with its bootstrap interval.</param>
/// <param name="P">Two-sided, of the paired randomisation test.</param>
/// <param name="AdjustedP">Holm over the pairs of the table; equal to P for a single pair.</param>
/// <param name="McNemar">Where every score is 0 or 1, else null.</param>
/// <param name="Detectable">The smallest difference that this many questions find with power 0.8.</param>
public sealed record PairedComparison(
    string First, string Second, int Questions, double FirstMean, double SecondMean, BootstrapMean Difference, double P, double AdjustedP, McNemar? McNemar, double Detectable)
{
    public bool IsDistinguishable => AdjustedP < DetectableDifference.Alpha;

    /// <summary>A sentence for a report.</summary>
    public string Verdict => IsDistinguishable
        ? Invariant($"{(Difference.Mean > 0 ? First : Second)} is better than {(Difference.Mean > 0 ? Second : First)} by {Math.Abs(Difference.Mean):0.000} (p {Likelihood}, n = {Questions})")
        : Invariant($"{First} and {Second} are not distinguishable with n = {Questions} (difference {Difference.Mean:+0.000;-0.000;0.000}, p {Likelihood}; {Detectable:0.000} would be found in four of five such tests)");

    private string Likelihood => AdjustedP < 0.001 ? "< 0.001" : Invariant($"= {AdjustedP:0.000}");

    public static PairedComparison Between(SystemScores first, SystemScores second, ulong seed = 1)
    {
        var difference = Bootstrap.PairedDifference(first.Scores, second.Scores, seed: seed);
        var p = PairedRandomisation.Test(first.Scores, second.Scores, seed).TwoSided;
        var binary = first.Scores.Concat(second.Scores).All(score => score is 0 or 1);
        var mcNemar = binary ? Statistics.McNemar.Test([.. first.Scores.Select(score => score == 1)], [.. second.Scores.Select(score => score == 1)]) : null;
        var deviation = Sample.StandardDeviation(Sample.Differences(first.Scores, second.Scores));
        return new PairedComparison(
            first.Name, second.Name, first.Scores.Count, first.Scores.Average(), second.Scores.Average(), difference, p, p, mcNemar, DetectableDifference.At(first.Scores.Count, deviation));
    }

    /// <summary>Every pair once, in the order given.</summary>
    public static IReadOnlyList<PairedComparison> AllPairs(IReadOnlyList<SystemScores> systems, ulong seed = 1)
    {
        var pairs = systems.SelectMany((first, i) => systems.Skip(i + 1).Select(second => Between(first, second, seed))).ToList();
        return [.. pairs.Zip(MultipleTests.Holm([.. pairs.Select(pair => pair.P)]), (pair, adjusted) => pair with { AdjustedP = adjusted })];
    }
}

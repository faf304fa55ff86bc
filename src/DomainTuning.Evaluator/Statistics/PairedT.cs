namespace DomainTuning.Evaluator.Statistics;

/// <summary>Student's paired t test.</summary>
/// <param name="T">NaN when all differences are 0, infinite when all are the same other number.</param>
public sealed record PairedT(double T, int Degrees, double TwoSided)
{
    /// <exception cref="ArgumentException">Fewer than two pairs.</exception>
    public static PairedT Test(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var differences = Sample.Differences(a, b);
        if (differences.Length < 2) throw new ArgumentException("A t test needs at least two pairs.", nameof(a));
        var t = differences.Average() / (Sample.StandardDeviation(differences) / Math.Sqrt(differences.Length));
        var degrees = differences.Length - 1;
        return new PairedT(t, degrees, double.IsNaN(t) ? 1 : Distributions.StudentTwoSided(t, degrees));
    }
}

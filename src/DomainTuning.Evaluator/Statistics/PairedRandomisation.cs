using System.Numerics;

namespace DomainTuning.Evaluator.Statistics;

/// <summary>How likely a difference at least this large is when the labels a and b mean nothing.</summary>
/// <param name="Assignments">Sign patterns that were tried.</param>
/// <param name="IsExact">All patterns were tried, not a sample.</param>
public sealed record RandomisationTest(double MeanDifference, double TwoSided, double Greater, double Less, long Assignments, bool IsExact);

/// <summary>
/// Fisher's paired randomisation test, the one to trust for retrieval and answer scores (Smucker, Allan and Carterette, CIKM 2007): every difference may
/// have either sign. All 2^n patterns up to <see cref="ExactUpTo"/> pairs, else a seeded sample, in which the observed pattern is counted.
/// </summary>
public static class PairedRandomisation
{
    /// <summary>2^20 patterns take milliseconds.</summary>
    public const int ExactUpTo = 20;

    /// <summary>A p near 0.05 is then known to ± 0.0014.</summary>
    public const int Samples = 100_000;

    private const double Tie = 1e-12;

    public static RandomisationTest Test(IReadOnlyList<double> a, IReadOnlyList<double> b, ulong seed = 1, int samples = Samples)
    {
        var all = Sample.Differences(a, b);
        // A zero has no sign to flip: it doubles every pattern and changes no share.
        var differences = all.Where(difference => difference != 0).ToArray();
        var observed = differences.Sum();
        var counts = new Counts(observed);
        if (differences.Length <= ExactUpTo)
        {
            Flip(differences, 0, 0, ref counts);
            return new RandomisationTest(all.Average(), counts.Share(counts.TwoSided), counts.Share(counts.Greater), counts.Share(counts.Less), counts.All << Math.Min(40, all.Length - differences.Length), true);
        }

        counts.Add(observed);
        foreach (var sum in Flipped(differences, new SeededRandom(seed), samples)) counts.Add(sum);
        return new RandomisationTest(all.Average(), counts.Share(counts.TwoSided), counts.Share(counts.Greater), counts.Share(counts.Less), counts.All, false);
    }

    private static void Flip(double[] differences, int at, double sum, ref Counts counts)
    {
        if (at == differences.Length)
        {
            counts.Add(sum);
            return;
        }

        Flip(differences, at + 1, sum + differences[at], ref counts);
        Flip(differences, at + 1, sum - differences[at], ref counts);
    }

    /// <summary>
    /// The sums under sampled signs. Each sample draws its bits after the one before it and adds its differences in their order; several samples go side by side,
    /// one a lane, which changes no sum: a sign is flipped in the number's own bits.
    /// </summary>
    private static double[] Flipped(double[] differences, SeededRandom random, int samples)
    {
        var lanes = Vector<ulong>.Count;
        var words = (differences.Length + 63) / 64;
        var sums = new double[(samples + lanes - 1) / lanes * lanes]; // the last group may be wider than what was asked for
        var signs = new ulong[words * lanes]; // [word, lane]
        var sign = new Vector<ulong>(1UL << 63);
        for (var first = 0; first < samples; first += lanes)
        {
            for (var lane = 0; lane < lanes; lane++)
                for (var word = 0; word < words; word++) signs[(word * lanes) + lane] = random.NextBits();

            var sum = Vector<double>.Zero;
            for (var word = 0; word < words; word++)
            {
                var bits = new Vector<ulong>(signs, word * lanes);
                var last = Math.Min(differences.Length, (word + 1) * 64);
                for (var i = word * 64; i < last; i++)
                {
                    sum += Vector.AsVectorDouble(Vector.AsVectorUInt64(new Vector<double>(differences[i])) ^ (Vector.ShiftLeft(bits, 63) & sign));
                    bits = Vector.ShiftRightLogical(bits, 1);
                }
            }

            sum.CopyTo(sums, first);
        }

        return sums[..samples];
    }

    private struct Counts(double observed)
    {
        public long All;
        public long TwoSided;
        public long Greater;
        public long Less;

        public void Add(double sum)
        {
            All++;
            if (Math.Abs(sum) >= Math.Abs(observed) - Tie) TwoSided++;
            if (sum >= observed - Tie) Greater++;
            if (sum <= observed + Tie) Less++;
        }

        public readonly double Share(long count) => (double)count / All;
    }
}

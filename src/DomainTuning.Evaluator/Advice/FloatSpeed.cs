using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace DomainTuning.Evaluator.Advice;

/// <summary>
/// What the processor's float units do on all cores: a block of a matrix product that stays in the first cache. It is the ceiling; a training reaches about
/// <see cref="TrainingShare"/> of it. The best of many short rounds counts, so that other work on the machine hardly changes the number; it would make a training slower all the same.
/// </summary>
internal static class FloatSpeed
{
    /// <summary>FACTS 12: LoRA of a 135M model ran at 90 GFLOPS on two cores whose ceiling is about 220.</summary>
    public const double TrainingShare = 0.4;

    private const int Depth = 256;
    private const int Rows = 4;
    private const int Columns = 3; // vectors

    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(400);

    /// <returns>10⁹ operations a second; a multiply-add is two.</returns>
    public static double Measure(CancellationToken cancellationToken)
    {
        var rates = new double[Environment.ProcessorCount];
        Parallel.For(0, rates.Length, new ParallelOptions { CancellationToken = cancellationToken }, core => rates[core] = OneCore(cancellationToken));
        return rates.Sum();
    }

    private static double OneCore(CancellationToken cancellationToken)
    {
        var a = Enumerable.Range(0, Depth * Rows).Select(i => 1f / (i + 1)).ToArray();
        var b = Enumerable.Range(0, Depth * Columns * Vector<float>.Count).Select(i => 1f / (i + 2)).ToArray();
        const int round = 200; // a tenth of a millisecond: shorter than what a scheduler gives to others
        var (sink, best, start) = (0f, double.PositiveInfinity, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(start) < Duration)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var from = Stopwatch.GetTimestamp();
            for (var i = 0; i < round; i++) sink += Block(a, b);
            best = Math.Min(best, Stopwatch.GetElapsedTime(from).TotalSeconds);
        }

        return float.IsNaN(sink) ? 0 : round * 2.0 * Depth * Rows * Columns * Vector<float>.Count / best / 1e9;
    }

    /// <summary>Twelve sums at once: enough to hide the units' latency, few enough for the registers. Compiled at once for speed: the first, quick compilation is fifty times slower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Block(float[] a, float[] b)
    {
        Vector<float> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default, s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        var width = Vector<float>.Count;
        for (var k = 0; k < Depth; k++)
        {
            var at = k * Columns * width;
            var (b0, b1, b2) = (new Vector<float>(b, at), new Vector<float>(b, at + width), new Vector<float>(b, at + (2 * width)));
            var row = new Vector<float>(a[k * Rows]);
            (s00, s01, s02) = (Vector.FusedMultiplyAdd(row, b0, s00), Vector.FusedMultiplyAdd(row, b1, s01), Vector.FusedMultiplyAdd(row, b2, s02));
            row = new Vector<float>(a[(k * Rows) + 1]);
            (s10, s11, s12) = (Vector.FusedMultiplyAdd(row, b0, s10), Vector.FusedMultiplyAdd(row, b1, s11), Vector.FusedMultiplyAdd(row, b2, s12));
            row = new Vector<float>(a[(k * Rows) + 2]);
            (s20, s21, s22) = (Vector.FusedMultiplyAdd(row, b0, s20), Vector.FusedMultiplyAdd(row, b1, s21), Vector.FusedMultiplyAdd(row, b2, s22));
            row = new Vector<float>(a[(k * Rows) + 3]);
            (s30, s31, s32) = (Vector.FusedMultiplyAdd(row, b0, s30), Vector.FusedMultiplyAdd(row, b1, s31), Vector.FusedMultiplyAdd(row, b2, s32));
        }

        return Vector.Sum(s00 + s01 + s02 + s10 + s11 + s12 + s20 + s21 + s22 + s30 + s31 + s32);
    }
}

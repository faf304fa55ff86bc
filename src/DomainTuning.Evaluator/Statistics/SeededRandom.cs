using System.Numerics;

namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// Random numbers that are the same on every machine and in every version: xoshiro256** (Blackman and Vigna, TOMS 47(4), 2021), seeded by SplitMix64.
/// <see cref="Random"/> promises neither. Not for secrets; not thread-safe.
/// </summary>
public sealed class SeededRandom
{
    private ulong s0, s1, s2, s3;

    public SeededRandom(ulong seed)
    {
        s0 = SplitMix(ref seed);
        s1 = SplitMix(ref seed);
        s2 = SplitMix(ref seed);
        s3 = SplitMix(ref seed);
    }

    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>0 to <paramref name="below"/> - 1, each as likely (Lemire, TOMACS 29(1), 2019).</summary>
    public int Next(int below)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(below, 1);
        var range = (ulong)below;
        var high = Math.BigMul(NextBits(), range, out var low);
        if (low < range)
            for (var threshold = (0 - range) % range; low < threshold;) high = Math.BigMul(NextBits(), range, out low);
        return (int)high;
    }

    /// <summary>0 to below 1.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

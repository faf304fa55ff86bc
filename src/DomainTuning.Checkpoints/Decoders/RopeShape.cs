namespace DomainTuning.Checkpoints.Decoders;

/// <summary>How rotary frequencies are stretched for contexts longer than those of the first training.</summary>
public enum RopeScaling
{
    /// <summary>As they are.</summary>
    None,

    /// <summary>Every frequency is divided by <see cref="RopeShape.Factor"/>.</summary>
    Linear,

    /// <summary>Llama 3.1: low frequencies are divided by the factor, high ones are left, those between are mixed.</summary>
    Llama3,

    /// <summary>The checkpoint holds one divisor a frequency (GGUF's rope_freqs.weight).</summary>
    Stored,
}

/// <summary>The rotary position code of a layer.</summary>
/// <param name="Base">Base of the frequencies.</param>
/// <param name="Factor">For <see cref="RopeScaling.Linear"/> and <see cref="RopeScaling.Llama3"/>.</param>
public sealed record RopeShape(float Base, RopeScaling Scaling = RopeScaling.None, float Factor = 1)
{
    /// <summary>Llama3: wavelengths above <see cref="OriginalContext"/> / this are divided by the whole factor.</summary>
    public float LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama3: wavelengths below <see cref="OriginalContext"/> / this are left.</summary>
    public float HighFrequencyFactor { get; init; } = 4;

    /// <summary>Llama3: tokens of the first training.</summary>
    public int OriginalContext { get; init; } = 8192;

    /// <summary>Radians a position, one for each of the head's pairs.</summary>
    /// <param name="stored">The divisors of <see cref="RopeScaling.Stored"/>.</param>
    internal double[] Frequencies(int head, float[]? stored) =>
        [.. Enumerable.Range(0, head / 2).Select(i => Scale(Math.Pow(Base, -2.0 * i / head), stored?[i] ?? 1))];

    private double Scale(double frequency, double stored)
    {
        switch (Scaling)
        {
            case RopeScaling.Linear: return frequency / Factor;
            case RopeScaling.Stored: return frequency / stored;
            case RopeScaling.Llama3:
                var turns = OriginalContext * frequency / (2 * Math.PI); // over the first training's context
                var kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
                return (1 - kept) * frequency / Factor + kept * frequency;
            default: return frequency;
        }
    }
}

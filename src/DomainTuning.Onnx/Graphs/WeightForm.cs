namespace DomainTuning.Onnx.Graphs;

/// <summary>How the weights of a chat model's linear layers are kept and multiplied.</summary>
public enum WeightForm
{
    /// <summary>Whatever <see cref="WeightForms.Choose"/> finds best for this machine.</summary>
    Auto,

    /// <summary>32-bit floats, as exact as the checkpoint: for comparison, not for speed. Four bytes a weight.</summary>
    Float32,

    /// <summary>8-bit blocks of 32 weights (MatMulNBits). Holds Q8_0 exactly and Q4_1 within 0.5 % of a block's step.</summary>
    Blocks8,

    /// <summary>8-bit weights with one scale an output channel, 8-bit activations with one scale a token, smoothed first (arXiv 2211.10438); the down projections and the output matrix stay in 8-bit blocks.</summary>
    W8A8,
}

/// <summary>Chooses the form of weights for a machine.</summary>
public static class WeightForms
{
    /// <summary>
    /// W8A8 where byte products are exact and the processor multiplies bytes faster than floats (VNNI, AMX, AVX2, Arm dot products), else 8-bit blocks.
    /// On a VNNI machine W8A8 reads prompts twice as fast as 8-bit blocks. On AVX2 without VNNI, ONNX Runtime is told to widen the products
    /// (<see cref="DecoderSession.CreateOptions"/>), and <see cref="CpuFeatures.ExactByteProducts"/>, which is measured and not looked up, says whether it did.
    /// </summary>
    public static WeightForm Choose(CpuFeatures cpu) =>
        cpu.ExactByteProducts && (cpu.Vnni || cpu.Amx || cpu.Avx2 || cpu.ArmDotProduct) ? WeightForm.W8A8 : WeightForm.Blocks8;
}

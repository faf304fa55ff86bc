namespace DomainTuning.Onnx.Graphs;

/// <summary>How the weights of a chat model's linear layers are kept and multiplied.</summary>
public enum WeightForm
{
    /// <summary>Whatever <see cref="WeightForms.Choose"/> finds best for this machine.</summary>
    Auto,

    /// <summary>32-bit floats, as exact as the checkpoint: for comparison, not for speed. Four bytes a weight.</summary>
    Float32,

    /// <summary>8-bit blocks of 32 weights (MatMulNBits), smoothed (arXiv 2211.10438). Unsmoothed they hold Q8_0 exactly and Q4_1 within half of a 255th of a block's span.</summary>
    Blocks8,

    /// <summary>
    /// As <see cref="Blocks8"/>, but the attention's output, gate and up, three fifths of all products, have 8-bit weights with one scale an output channel
    /// and 8-bit activations with one scale a token.
    /// </summary>
    W8A8,
}

/// <summary>Chooses the form of weights for a machine.</summary>
public static class WeightForms
{
    /// <summary>
    /// W8A8 where the processor multiplies tiles of bytes (AMX, which MatMulNBits does not use), else 8-bit blocks. Measured for the shipped model on
    /// Zen 5 with VNNI, 2 cores: blocks read prompts 15 % slower than W8A8 everywhere, write 6 % faster, and their log-probabilities lie half as far
    /// from float32 (root mean square 0.067 against 0.148; 0.094 in the W8A8 here).
    /// </summary>
    public static WeightForm Choose(CpuFeatures cpu) => cpu is { Amx: true, ExactByteProducts: true } ? WeightForm.W8A8 : WeightForm.Blocks8;

    /// <summary>What Auto tries, in this order, until one predicts the check text nearly as well as the reference: kernels differ from processor to processor, and models in their outliers.</summary>
    internal static IReadOnlyList<WeightForm> Candidates(CpuFeatures cpu) =>
        Choose(cpu) == WeightForm.W8A8 ? [WeightForm.W8A8, WeightForm.Blocks8, WeightForm.Float32]
        : cpu.ExactByteProducts ? [WeightForm.Blocks8, WeightForm.W8A8, WeightForm.Float32]
        : [WeightForm.Blocks8, WeightForm.Float32];
}

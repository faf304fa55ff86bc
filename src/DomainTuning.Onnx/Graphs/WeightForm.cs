namespace DomainTuning.Onnx.Graphs;

/// <summary>How the weights of a chat model's linear layers are kept and multiplied.</summary>
public enum WeightForm
{
    /// <summary>Whatever <see cref="WeightForms.Candidates"/> finds best for this model on this machine.</summary>
    Auto,

    /// <summary>32-bit floats, as exact as the checkpoint: for comparison, not for speed. Four bytes a weight.</summary>
    Float32,

    /// <summary>
    /// 8-bit blocks of 32 weights (MatMulNBits), smoothed (arXiv 2211.10438) up to a billion weights. Unsmoothed they hold Q8_0 exactly and Q4_1 within
    /// half of a 255th of a block's span. 1.13 bytes a weight.
    /// </summary>
    Blocks8,

    /// <summary>
    /// As <see cref="Blocks8"/>, but the attention's output, gate and up, three fifths of all products, have 8-bit weights with one scale an output channel
    /// and 8-bit activations with one scale a token.
    /// </summary>
    W8A8,

    /// <summary>
    /// 4-bit blocks of 32 weights with a minimum each, 0.75 bytes a weight; embedding and output matrix in 8-bit blocks. Q4_0, Q4_1 and Q4_K are taken
    /// over exactly, what a checkpoint keeps finer goes into 8-bit blocks, floats are rounded, which costs more than any other form here.
    /// </summary>
    Blocks4,
}

/// <summary>Chooses the form of weights for a model on a machine.</summary>
public static class WeightForms
{
    /// <summary>
    /// From here on a model is large: writing an answer waits for memory and not for arithmetic, so fewer bytes a weight win, and a float32 copy to
    /// measure activations against would cost gigabytes. Not measured beyond the shipped model; llama.cpp's users come to the same.
    /// </summary>
    public const long LargeParameters = 1_000_000_000;

    /// <summary>
    /// What Auto tries, in this order, until one predicts the check text nearly as well as the reference: kernels differ from processor to processor,
    /// and models in their outliers. Large models: their own 4-bit blocks, or 8-bit ones. Small ones: W8A8 where the processor multiplies tiles of
    /// bytes (AMX, which MatMulNBits does not use), else 8-bit blocks. Measured for the shipped model on Zen 5 with VNNI, 2 cores: blocks read prompts
    /// 15 % slower than W8A8 everywhere, write 6 % faster, and their log-probabilities lie half as far from float32 (root mean square 0.067 against
    /// 0.148; 0.094 in the W8A8 here).
    /// </summary>
    /// <param name="fourBit">Most of the checkpoint's weights lie in 4-bit blocks already.</param>
    public static IReadOnlyList<WeightForm> Candidates(CpuFeatures cpu, long parameters, bool fourBit)
    {
        ArgumentNullException.ThrowIfNull(cpu);
        if (parameters > LargeParameters) return [fourBit ? WeightForm.Blocks4 : WeightForm.Blocks8];
        if (!cpu.ExactByteProducts) return [WeightForm.Blocks8, WeightForm.Float32];
        return cpu.Amx ? [WeightForm.W8A8, WeightForm.Blocks8, WeightForm.Float32] : [WeightForm.Blocks8, WeightForm.W8A8, WeightForm.Float32];
    }

    /// <summary>
    /// How much worse than the reference a form may predict, in nats a token. Smoothed blocks of the shipped model cost 0.003 on long text, and the 511
    /// tokens of the check scatter by 0.004; saturating byte products cost whole units. W8A8 gains too little speed to be let off with more than 0.01.
    /// Rounding floats to 4 bits costs 0.12 to 0.18 (goldens/README-models.md), and whoever asks for it wants the memory.
    /// </summary>
    internal static double LargestLoss(WeightForm form) => form switch
    {
        WeightForm.W8A8 => 0.01,
        WeightForm.Blocks4 => 0.3,
        _ => 0.02,
    };

    /// <summary>Bytes a weight, for estimates.</summary>
    internal static double BytesPerWeight(WeightForm form) => form switch
    {
        WeightForm.Float32 => sizeof(float),
        WeightForm.Blocks4 => 0.8,
        _ => 1.2,
    };
}

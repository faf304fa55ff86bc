using System.Diagnostics.CodeAnalysis;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// How the numbers of a tensor are stored. The values below 1000 are GGUF's type ids; the others occur in safetensors only. Types that exist only inside a running engine (Q8_1, Q8_K) and
/// types that the format has removed (Q4_2, Q4_3, the interleaved Q4_0_N_M and IQ4_NL_N_M) are not listed: a file that has them is refused.
/// </summary>
[SuppressMessage("Naming", "CA1707", Justification = "These are the format's own names; users know them from file names.")]
public enum TensorType
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ2_XXS = 16,
    IQ2_XS = 17,
    IQ3_XXS = 18,
    IQ1_S = 19,
    IQ4_NL = 20,
    IQ3_S = 21,
    IQ2_S = 22,
    IQ4_XS = 23,
    I8 = 24,
    I16 = 25,
    I32 = 26,
    I64 = 27,
    F64 = 28,
    IQ1_M = 29,
    BF16 = 30,
    TQ1_0 = 34,
    TQ2_0 = 35,
    MXFP4 = 39,
    U8 = 1000,
    U16 = 1001,
    U32 = 1002,
    U64 = 1003,
    Bool = 1004,
}

/// <summary>Sizes of the storage types: a row is a whole number of blocks, a block holds some values in some bytes.</summary>
public static class TensorTypes
{
    /// <summary>Values in one block: 1, 32 or 256.</summary>
    public static int BlockElements(this TensorType type) => Layout(type).Elements;

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this TensorType type) => Layout(type).Bytes;

    /// <summary>Whether the id is a storage type of GGUF.</summary>
    internal static bool IsKnown(uint id) => id <= (uint)TensorType.MXFP4 && Enum.IsDefined((TensorType)id);

    private static (int Elements, int Bytes) Layout(TensorType type) => type switch
    {
        TensorType.F32 or TensorType.I32 or TensorType.U32 => (1, 4),
        TensorType.F16 or TensorType.BF16 or TensorType.I16 or TensorType.U16 => (1, 2),
        TensorType.F64 or TensorType.I64 or TensorType.U64 => (1, 8),
        TensorType.I8 or TensorType.U8 or TensorType.Bool => (1, 1),
        TensorType.Q4_0 or TensorType.IQ4_NL => (32, 18),
        TensorType.Q4_1 => (32, 20),
        TensorType.Q5_0 => (32, 22),
        TensorType.Q5_1 => (32, 24),
        TensorType.Q8_0 => (32, 34),
        TensorType.MXFP4 => (32, 17),
        TensorType.Q2_K => (256, 84),
        TensorType.Q3_K or TensorType.IQ3_S => (256, 110),
        TensorType.Q4_K => (256, 144),
        TensorType.Q5_K => (256, 176),
        TensorType.Q6_K => (256, 210),
        TensorType.IQ1_S => (256, 50),
        TensorType.IQ1_M => (256, 56),
        TensorType.IQ2_XXS => (256, 66),
        TensorType.IQ2_XS => (256, 74),
        TensorType.IQ2_S => (256, 82),
        TensorType.IQ3_XXS => (256, 98),
        TensorType.IQ4_XS => (256, 136),
        TensorType.TQ1_0 => (256, 54),
        TensorType.TQ2_0 => (256, 66),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a storage type of a tensor."),
    };
}

using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace DomainTuning.Trainer.Natives;

/// <summary>
/// Whether products of bfloat16 are instructions of this CPU. Where they are, base weights in bfloat16 train more than twice as fast as in float32; where they are
/// not, many times slower.
/// </summary>
internal static class Bf16
{
    /// <summary>"AVX512_BF16", "AMX-BF16" or null.</summary>
    public static string? Instructions { get; } = Detect();

    /// <summary>The type of base weights that a recipe's precision means here: "auto", "float32" or "bfloat16".</summary>
    public static torch.ScalarType BaseType(string precision) => precision switch
    {
        "auto" => Instructions is null ? torch.ScalarType.Float32 : torch.ScalarType.BFloat16,
        "float32" => torch.ScalarType.Float32,
        "bfloat16" => torch.ScalarType.BFloat16,
        _ => throw new ArgumentException($"The precision '{precision}' is not known; \"auto\", \"float32\" and \"bfloat16\" are.", nameof(precision)),
    };

    private static string? Detect()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return null;
        // Intel SDM, CPUID leaf 7: sub-leaf 0 EDX bit 22, sub-leaf 1 EAX bit 5. Avx512F also says that the system keeps the registers.
        if ((X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0) return "AMX-BF16";
        return (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0 ? "AVX512_BF16" : null;
    }
}

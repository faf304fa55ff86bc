using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DomainTuning.Onnx.Graphs;

/// <summary>What decides which form of weights is fast and safe on a processor.</summary>
/// <param name="Avx2">256-bit integer instructions.</param>
/// <param name="Vnni">Dot products of bytes in one instruction (AVX512-VNNI or AVX-VNNI).</param>
/// <param name="Amx">Tiles of byte products (AMX-INT8).</param>
/// <param name="ArmDotProduct">Arm's dot products of bytes.</param>
/// <param name="ExactByteProducts">Measured: ONNX Runtime's unsigned × signed byte product does not saturate here; see <see cref="ByteProducts"/>.</param>
public sealed record CpuFeatures(bool Avx2, bool Vnni, bool Amx, bool ArmDotProduct, bool ExactByteProducts)
{
    private static readonly Lazy<CpuFeatures> Machine = new(Detect);

    /// <summary>The machine that this process runs on. Looked up once.</summary>
    public static CpuFeatures This => Machine.Value;

    /// <summary>For reports: "AVX2 VNNI AMX".</summary>
    public override string ToString()
    {
        string[] names = [.. new[] { (Avx2, "AVX2"), (Vnni, "VNNI"), (Amx, "AMX"), (ArmDotProduct, "DotProd") }.Where(feature => feature.Item1).Select(feature => feature.Item2)];
        return (names.Length == 0 ? "no vector extensions" : string.Join(' ', names)) + (ExactByteProducts ? "" : ", byte products saturate");
    }

    private static CpuFeatures Detect()
    {
        var vnni = false;
        var amx = false;
        if (X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7)
        {
            // Bits: Intel SDM, CPUID leaf 7. The vector flags of .NET also say whether the operating system keeps the registers.
            var leaf = X86Base.CpuId(7, 0);
            var avx512Vnni = (leaf.Ecx & (1 << 11)) != 0 && Avx512F.IsSupported;
            var avxVnni = (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0 && System.Runtime.Intrinsics.X86.Avx2.IsSupported;
            vnni = avx512Vnni || avxVnni;
            amx = (leaf.Edx & (1 << 25)) != 0 && Avx512F.IsSupported;
        }

        return new CpuFeatures(System.Runtime.Intrinsics.X86.Avx2.IsSupported, vnni, amx, Dp.IsSupported, ByteProducts.AreExact());
    }
}

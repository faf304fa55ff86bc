using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>Types whose values come from a very small set: -1, 0, 1 (TQ), the 4-bit floats of MXFP4, the 16 uneven steps of IQ4.</summary>
public static partial class Dequantise
{
    /// <summary>The 16 levels of IQ4_NL and IQ4_XS, from ggml-common.h (kvalues_iq4nl).</summary>
    private static readonly sbyte[] UnevenLevels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>The values of a 4-bit E2M1 float, doubled so that they are whole (OCP Microscaling Formats 1.0, §5.3.3).</summary>
    private static readonly sbyte[] TwiceE2M1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    // { byte q[48]; byte qh[4]; half d }: five ternary digits a byte, as a fraction of 243 in 256ths; qh holds four.
    private static void TQ1_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfAt(block, 52);
        Digits(block[..32], 5, d, values);
        Digits(block.Slice(32, 16), 5, d, values[160..]);
        Digits(block.Slice(48, 4), 4, d, values[240..]);

        static void Digits(ReadOnlySpan<byte> packed, int digits, float d, Span<float> values)
        {
            for (var (digit, power, at) = (0, 1, 0); digit < digits; digit++, power *= 3)
                foreach (var fraction in packed)
                    values[at++] = d * ((((byte)(fraction * power) * 3) >> 8) - 1);
        }
    }

    // { byte q[64]; half d }
    private static void TQ2_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var group = 0; group < 16; group++)
            Scaled(TwoBits(block, group) - Vector128.Create((byte)1), HalfAt(block, 64), values[(16 * group)..]);
    }

    // { byte exponent; byte q[16] }
    private static void MXFP4(ReadOnlySpan<byte> block, Span<float> values)
    {
        // 2^(exponent - 128): half of the E8M0 scale, because the table is doubled. The two smallest are subnormal.
        var d = BitConverter.UInt32BitsToSingle(block[0] < 2 ? 0x0020_0000u << block[0] : (uint)(block[0] - 1) << 23);
        Levels(TwiceE2M1, block.Slice(1, 16), d, values);
    }

    // { half d; byte q[16] }
    private static void IQ4_NL(ReadOnlySpan<byte> block, Span<float> values) => Levels(UnevenLevels, block.Slice(2, 16), HalfAt(block, 0), values);

    // { half d; uint16 high scale bits; byte low scale bits[4]; byte q[128] }: 6-bit scales offset by 32.
    private static void IQ4_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (d, high) = (HalfAt(block, 0), MemoryMarshal.Read<ushort>(block[2..]));
        for (var group = 0; group < 8; group++)
        {
            var scale = ((block[4 + (group / 2)] >> (4 * (group % 2))) & 0xF) | (((high >> (2 * group)) & 3) << 4);
            Levels(UnevenLevels, block.Slice(8 + (16 * group), 16), d * (scale - 32), values.Slice(32 * group, 32));
        }
    }

    /// <summary>32 values: the low halves of 16 bytes, then the high halves, each the number of a level.</summary>
    private static void Levels(sbyte[] levels, ReadOnlySpan<byte> packed, float d, Span<float> values)
    {
        for (var i = 0; i < packed.Length; i++)
        {
            values[i] = d * levels[packed[i] & 0xF];
            values[i + 16] = d * levels[packed[i] >> 4];
        }
    }
}

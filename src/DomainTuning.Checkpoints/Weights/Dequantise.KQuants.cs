using System.Runtime.Intrinsics;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>The "k" types: 256 values a block, small integer scales (and minimums) for 16 or 32 values each under one or two half-precision factors.</summary>
public static partial class Dequantise
{
    // { byte scales[16]; byte q[64]; half d; half dmin }: the scale is in the low, the minimum in the high half of a scale byte.
    private static void Q2_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (d, dmin) = (HalfAt(block, 80), HalfAt(block, 82));
        for (var group = 0; group < 16; group++)
        {
            var q = TwoBits(block[16..], group);
            Scaled(q, d * (block[group] & 0xF), -(dmin * (block[group] >> 4)), values[(16 * group)..]);
        }
    }

    // { byte inverted high bits[32]; byte q[64]; byte scales[12]; half d }: 3-bit values from -4 to 3, 6-bit scales offset by 32.
    private static void Q3_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfAt(block, 108);
        var highBits = block[..32];
        var scales = block.Slice(96, 12);
        for (var group = 0; group < 16; group++)
        {
            var low = (scales[group % 8] >> (group < 8 ? 0 : 4)) & 0xF;
            var high = (scales[8 + (group % 4)] >> (2 * (group / 4))) & 3;
            var bit = Vector128.Create((byte)(1 << (group / 2)));
            var isLow = Vector128.Equals(Vector128.Create(highBits.Slice(16 * (group % 2), 16)) & bit, Vector128<byte>.Zero);
            var q = TwoBits(block[32..], group) - (isLow & Vector128.Create((byte)4));
            Scaled(q, d * ((low | (high << 4)) - 32), values[(16 * group)..]);
        }
    }

    // { half d; half dmin; byte scales[12]; byte q[128] }
    private static void Q4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var group = 0; group < 8; group++)
        {
            var (d, m) = SixBitScale(block, group);
            for (var half = 0; half < 2; half++)
                Scaled(Nibbles(block[16..], group, half), d, m, values[((32 * group) + (16 * half))..]);
        }
    }

    // { half d; half dmin; byte scales[12]; byte fifth bits[32]; byte q[128] }: bit g of byte i belongs to value i of group g.
    private static void Q5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var group = 0; group < 8; group++)
        {
            var (d, m) = SixBitScale(block, group);
            var bit = Vector128.Create((byte)(1 << group));
            for (var half = 0; half < 2; half++)
            {
                var isHigh = Vector128.Equals(Vector128.Create(block.Slice(16 + (16 * half), 16)) & bit, bit);
                Scaled(Nibbles(block[48..], group, half) | (isHigh & Vector128.Create((byte)16)), d, m, values[((32 * group) + (16 * half))..]);
            }
        }
    }

    // { byte low[128]; byte high[64]; sbyte scales[16]; half d }: 6-bit values offset by 32.
    private static void Q6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfAt(block, 208);
        for (var group = 0; group < 16; group++)
        {
            var part = group / 8; // 128 values
            var quarter = group % 8 / 2; // 32 values
            var low = Vector128.Create(block.Slice((64 * part) + (32 * (quarter % 2)) + (16 * (group % 2)), 16));
            low = quarter < 2 ? low & LowNibble : low >>> 4;
            var high = TwoBits(block[128..], group) << 4;
            Scaled((low | high) - Vector128.Create((byte)32), d * (sbyte)block[192 + group], values[(16 * group)..]);
        }
    }

    /// <summary>
    /// 16 two-bit values of a 64-byte plane: 128 values lie in 32 bytes, the first 32 in bits 0 and 1, the next in bits 2 and 3, and so on.
    /// </summary>
    private static Vector128<byte> TwoBits(ReadOnlySpan<byte> plane, int group) =>
        (Vector128.Create(plane.Slice((32 * (group / 8)) + (16 * (group % 2)), 16)) >>> (2 * (group % 8 / 2))) & Vector128.Create((byte)3);

    /// <summary>16 four-bit values of a 128-byte plane: of each 64 values the first 32 are in the low, the others in the high halves of 32 bytes.</summary>
    private static Vector128<byte> Nibbles(ReadOnlySpan<byte> plane, int group, int half)
    {
        var packed = Vector128.Create(plane.Slice((32 * (group / 2)) + (16 * half), 16));
        return group % 2 == 0 ? packed & LowNibble : packed >>> 4;
    }

    /// <summary>Scale and (negative) minimum of one of 8 groups: { half d; half dmin; 12 bytes of 6-bit numbers }. The last four take their high bits from the first four.</summary>
    private static (float Scale, float Minimum) SixBitScale(ReadOnlySpan<byte> block, int group)
    {
        var packed = block.Slice(4, 12);
        var (scale, minimum) = group < 4
            ? (packed[group] & 0x3F, packed[group + 4] & 0x3F)
            : ((packed[group + 4] & 0xF) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
        return (HalfAt(block, 0) * scale, -(HalfAt(block, 2) * minimum));
    }
}

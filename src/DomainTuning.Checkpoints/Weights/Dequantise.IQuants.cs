using System.Numerics;
using System.Runtime.InteropServices;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>The "i" types below 4 bits: 256 values a block, groups of 4 or 8 values are points of a fixed grid (<see cref="IQuantGrids"/>), signs are stored apart.</summary>
public static partial class Dequantise
{
    /// <summary>IQ1 shifts a whole group by this, up or down (IQ1S_DELTA in ggml-common.h).</summary>
    private const float Shift = 0.125f;

    // { half d; 8 × { byte point[4]; uint32 { 4 × 7 sign bits; 4-bit scale } } }
    private static void IQ2_XXS(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var part = 0; part < 8; part++)
        {
            var points = block.Slice(2 + (8 * part), 4);
            var signsAndScale = MemoryMarshal.Read<uint>(block[(6 + (8 * part))..]);
            var scale = HalfAt(block, 0) * (0.5f + (signsAndScale >> 28)) * 0.25f;
            for (var i = 0; i < 4; i++)
                Signed(Point8(IQuantGrids.IQ2XXS, points[i]), SevenSigns(signsAndScale >> (7 * i)), scale, values[((32 * part) + (8 * i))..]);
        }
    }

    // { half d; uint16 { 9-bit point; 7 sign bits } [32]; byte scales[8] }
    private static void IQ2_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var i = 0; i < 32; i++)
        {
            var packed = MemoryMarshal.Read<ushort>(block[(2 + (2 * i))..]);
            Signed(Point8(IQuantGrids.IQ2XS, packed & 511), SevenSigns((uint)packed >> 9), IQ2Scale(block, 66, i), values[(8 * i)..]);
        }
    }

    // { half d; byte point[32]; byte signs[32]; byte high point bits[8]; byte scales[8] }
    private static void IQ2_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var i = 0; i < 32; i++)
        {
            var point = block[2 + i] | (((block[66 + (i / 4)] >> (2 * (i % 4))) & 3) << 8);
            Signed(Point8(IQuantGrids.IQ2S, point), block[34 + i], IQ2Scale(block, 74, i), values[(8 * i)..]);
        }
    }

    // { half d; byte point[64]; 8 × uint32 { 4 × 7 sign bits; 4-bit scale } }
    private static void IQ3_XXS(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var part = 0; part < 8; part++)
        {
            var signsAndScale = MemoryMarshal.Read<uint>(block[(66 + (4 * part))..]);
            var scale = HalfAt(block, 0) * (0.5f + (signsAndScale >> 28)) * 0.5f;
            for (var i = 0; i < 8; i++)
            {
                var signs = SevenSigns(signsAndScale >> (7 * (i / 2))) >> (4 * (i % 2));
                Signed(Point4(IQuantGrids.IQ3XXS, block[2 + (8 * part) + i]), signs, scale, values[((32 * part) + (4 * i))..]);
            }
        }
    }

    // { half d; byte point[64]; byte high point bits[8]; byte signs[32]; byte scales[4] }
    private static void IQ3_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var i = 0; i < 64; i++)
        {
            var part = i / 8;
            var point = block[2 + i] | (((block[66 + part] >> (i % 8)) & 1) << 8);
            var scale = HalfAt(block, 0) * (1 + (2 * Nibble(block, 106, part)));
            Signed(Point4(IQuantGrids.IQ3S, point), block[74 + (i / 2)] >> (4 * (i % 2)), scale, values[(4 * i)..]);
        }
    }

    // { half d; byte point[32]; uint16 { 4 × 3 high point bits; 3-bit scale; shift down } [8] }
    private static void IQ1_S(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var i = 0; i < 32; i++)
        {
            int high = MemoryMarshal.Read<ushort>(block[(34 + (2 * (i / 4)))..]);
            var point = block[2 + i] | (((high >> (3 * (i % 4))) & 7) << 8);
            var scale = HalfAt(block, 0) * ((2 * ((high >> 12) & 7)) + 1);
            Shifted(Point8(IQuantGrids.IQ1, point), (high & 0x8000) != 0 ? -Shift : Shift, scale, values[(8 * i)..]);
        }
    }

    // { byte point[32]; 4-bit { 3 high point bits; shift down } [32]; uint16 { 4 × 3-bit scale; 4 bits of the half d } [4] }
    private static void IQ1_M(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scales = MemoryMarshal.Cast<byte, ushort>(block[48..]);
        var d = (float)BitConverter.UInt16BitsToHalf((ushort)((scales[0] >> 12) | ((scales[1] >> 12) << 4) | ((scales[2] >> 12) << 8) | ((scales[3] >> 12) << 12)));
        for (var i = 0; i < 32; i++)
        {
            var high = Nibble(block, 32, i);
            var scale = d * ((2 * ((scales[i / 8] >> (3 * (i / 2 % 4))) & 7)) + 1);
            Shifted(Point8(IQuantGrids.IQ1, block[i] | ((high & 7) << 8)), (high & 8) != 0 ? -Shift : Shift, scale, values[(8 * i)..]);
        }
    }

    private static ReadOnlySpan<sbyte> Point8(sbyte[] grid, int point) => grid.AsSpan(8 * point, 8);

    private static ReadOnlySpan<sbyte> Point4(sbyte[] grid, int point) => grid.AsSpan(4 * point, 4);

    /// <summary>Seven stored signs and the eighth, which makes the number of minus signs even.</summary>
    private static int SevenSigns(uint bits) => (int)((bits & 127) | ((uint)(BitOperations.PopCount(bits & 127) & 1) << 7));

    /// <summary>Half a byte from a list of them, low half first.</summary>
    private static int Nibble(ReadOnlySpan<byte> block, int offset, int index) => (block[offset + (index / 2)] >> (4 * (index % 2))) & 0xF;

    /// <summary>The scale of 8 values: a nibble serves 16.</summary>
    private static float IQ2Scale(ReadOnlySpan<byte> block, int offset, int group) => HalfAt(block, 0) * (0.5f + Nibble(block, offset, group / 2)) * 0.25f;

    private static void Signed(ReadOnlySpan<sbyte> point, int signs, float scale, Span<float> values)
    {
        for (var i = 0; i < point.Length; i++)
        {
            var value = scale * point[i];
            values[i] = ((signs >> i) & 1) != 0 ? -value : value;
        }
    }

    private static void Shifted(ReadOnlySpan<sbyte> point, float shift, float scale, Span<float> values)
    {
        for (var i = 0; i < point.Length; i++) values[i] = scale * (point[i] + shift);
    }
}

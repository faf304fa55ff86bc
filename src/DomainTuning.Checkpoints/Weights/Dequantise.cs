using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Turns stored blocks into float32. Every type gives the same bits as ggml's reference code: a float32 scale times an integer, plus or minus a
/// float32 minimum, each operation rounded on its own (no fused multiply-add). Where block layouts come from:
/// https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h. This file holds the plain and the 32-value types, the other files the 256-value types.
/// </summary>
public static partial class Dequantise
{
    /// <summary>Whether the type holds weights: all but the integers.</summary>
    public static bool CanRead(TensorType type) => type is not (TensorType.I8 or TensorType.I16 or TensorType.I32 or TensorType.I64)
        && type < TensorType.U8;

    /// <summary>De-quantises whole blocks. Float64 is rounded to float32.</summary>
    /// <param name="source">Whole blocks as stored.</param>
    /// <param name="destination">As many values as the blocks hold.</param>
    public static void Blocks(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var blocks = source.Length / type.BlockBytes();
        if (source.Length % type.BlockBytes() != 0 || destination.Length != (long)blocks * type.BlockElements())
            throw new ArgumentException($"{source.Length} bytes of {type} do not make {destination.Length} values: a block holds {type.BlockElements()} values in {type.BlockBytes()} bytes.", nameof(destination));
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Weights are little-endian; this machine is not.");
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                return;
            case TensorType.F64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), destination);
                return;
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                return;
            case TensorType.BF16:
                WidenBrainFloats(MemoryMarshal.Cast<byte, ushort>(source), destination);
                return;
            default:
                EachBlock(type, source, destination, Kernel(type));
                return;
        }
    }

    private static BlockKernel Kernel(TensorType type) => type switch
    {
        TensorType.Q4_0 => Q4_0,
        TensorType.Q4_1 => Q4_1,
        TensorType.Q5_0 => Q5_0,
        TensorType.Q5_1 => Q5_1,
        TensorType.Q8_0 => Q8_0,
        TensorType.MXFP4 => MXFP4,
        TensorType.Q2_K => Q2_K,
        TensorType.Q3_K => Q3_K,
        TensorType.Q4_K => Q4_K,
        TensorType.Q5_K => Q5_K,
        TensorType.Q6_K => Q6_K,
        TensorType.TQ1_0 => TQ1_0,
        TensorType.TQ2_0 => TQ2_0,
        TensorType.IQ4_NL => IQ4_NL,
        TensorType.IQ4_XS => IQ4_XS,
        TensorType.IQ1_S => IQ1_S,
        TensorType.IQ1_M => IQ1_M,
        TensorType.IQ2_XXS => IQ2_XXS,
        TensorType.IQ2_XS => IQ2_XS,
        TensorType.IQ2_S => IQ2_S,
        TensorType.IQ3_XXS => IQ3_XXS,
        TensorType.IQ3_S => IQ3_S,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Integers are no weights; read them with TensorFile.Bytes."),
    };

    private static void EachBlock(TensorType type, ReadOnlySpan<byte> source, Span<float> destination, BlockKernel kernel)
    {
        var (bytes, elements) = (type.BlockBytes(), type.BlockElements());
        for (; !source.IsEmpty; source = source[bytes..], destination = destination[elements..]) kernel(source[..bytes], destination[..elements]);
    }

    private static void WidenBrainFloats(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        var bits = MemoryMarshal.Cast<float, uint>(destination);
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(source[i..]));
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + 8)..]);
        }

        for (; i < source.Length; i++) bits[i] = (uint)source[i] << 16;
    }

    // { half d; byte q[16] }: value i is in the low, value i + 16 in the high half of byte i, offset by 8.
    private static void Q4_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var packed = Vector128.Create(block.Slice(2, 16));
        var eight = Vector128.Create((byte)8);
        Scaled((packed & LowNibble) - eight, HalfAt(block, 0), values);
        Scaled((packed >>> 4) - eight, HalfAt(block, 0), values[16..]);
    }

    // { half d; half m; byte q[16] }
    private static void Q4_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var packed = Vector128.Create(block.Slice(4, 16));
        var (d, m) = (HalfAt(block, 0), HalfAt(block, 2));
        Scaled(packed & LowNibble, d, m, values);
        Scaled(packed >>> 4, d, m, values[16..]);
    }

    // { half d; uint32 fifth bits; byte q[16] }, offset by 16
    private static void Q5_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var packed = Vector128.Create(block.Slice(6, 16));
        var sixteen = Vector128.Create((byte)16);
        Scaled(((packed & LowNibble) | FifthBits(block[2..4])) - sixteen, HalfAt(block, 0), values);
        Scaled(((packed >>> 4) | FifthBits(block[4..6])) - sixteen, HalfAt(block, 0), values[16..]);
    }

    // { half d; half m; uint32 fifth bits; byte q[16] }
    private static void Q5_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var packed = Vector128.Create(block.Slice(8, 16));
        var (d, m) = (HalfAt(block, 0), HalfAt(block, 2));
        Scaled((packed & LowNibble) | FifthBits(block[4..6]), d, m, values);
        Scaled((packed >>> 4) | FifthBits(block[6..8]), d, m, values[16..]);
    }

    // { half d; sbyte q[32] }
    private static void Q8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        Scaled(Vector128.Create(block.Slice(2, 16)), HalfAt(block, 0), values);
        Scaled(Vector128.Create(block.Slice(18, 16)), HalfAt(block, 0), values[16..]);
    }

    private static Vector128<byte> LowNibble => Vector128.Create((byte)0x0F);

    /// <summary>Bit i of two bytes, moved to bit 4 of lane i.</summary>
    private static Vector128<byte> FifthBits(ReadOnlySpan<byte> bits) => BitOfLane(bits) & Vector128.Create((byte)16);

    /// <summary>Lane i is 255 where bit i of the two bytes is set, otherwise 0.</summary>
    private static Vector128<byte> BitOfLane(ReadOnlySpan<byte> bits)
    {
        var bitOfLane = Vector128.Create(0x8040_2010_0804_0201UL).AsByte();
        var spread = Vector128.Create(Vector64.Create(bits[0]), Vector64.Create(bits[1]));
        return Vector128.Equals(spread & bitOfLane, bitOfLane);
    }

    /// <summary>16 values: d · q, where the lanes are signed bytes.</summary>
    private static void Scaled(Vector128<byte> q, float d, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q.AsSByte());
        Scaled(low, d, values);
        Scaled(high, d, values[8..]);
    }

    private static void Scaled(Vector128<short> q, float d, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        (Vector128.ConvertToSingle(low) * d).CopyTo(values);
        (Vector128.ConvertToSingle(high) * d).CopyTo(values[4..]);
    }

    /// <summary>16 values: d · q + m, where the lanes are signed bytes (of at most 127). Two roundings: operators on vectors are never fused.</summary>
    private static void Scaled(Vector128<byte> q, float d, float m, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q.AsSByte());
        Scaled(low, d, m, values);
        Scaled(high, d, m, values[8..]);
    }

    private static void Scaled(Vector128<short> q, float d, float m, Span<float> values)
    {
        var (low, high) = Vector128.Widen(q);
        ((Vector128.ConvertToSingle(low) * d) + Vector128.Create(m)).CopyTo(values);
        ((Vector128.ConvertToSingle(high) * d) + Vector128.Create(m)).CopyTo(values[4..]);
    }

    private static float HalfAt(ReadOnlySpan<byte> block, int offset) => (float)MemoryMarshal.Read<Half>(block[offset..]);

    private delegate void BlockKernel(ReadOnlySpan<byte> block, Span<float> values);
}

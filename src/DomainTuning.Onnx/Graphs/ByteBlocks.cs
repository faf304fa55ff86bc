using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// A matrix in blocks of 32 bytes along its rows: w = (value - zero point) · scale. Each block takes the better of two grids. The symmetric one
/// (zero point 128, scale max|w| / 127) gives back Q8_0 exactly; the asymmetric one (from the smallest to the largest weight) gives back Q4_1, whose
/// 16 steps fall on every 17th of its 256, up to the rounding of the zero point.
/// </summary>
/// <param name="Values">[rows, blocks a row, 32]; a last block that is not full ends in zero points.</param>
/// <param name="Scales">[rows, blocks a row]</param>
/// <param name="ZeroPoints">[rows, blocks a row], or null when all are 128.</param>
internal sealed record ByteBlocks(byte[] Values, float[] Scales, byte[]? ZeroPoints)
{
    public const int Size = 32;
    private const byte Middle = 128;

    /// <summary>Takes stored Q8_0 blocks over: { half scale; sbyte values[32] }.</summary>
    /// <param name="stored">May be longer than the blocks.</param>
    public static ByteBlocks FromQ8(byte[] stored, int blocks)
    {
        var result = new ByteBlocks(new byte[blocks * Size], new float[blocks], null);
        Parallel.For(0, blocks, i =>
        {
            var block = stored.AsSpan(i * (Size + 2), Size + 2);
            result.Scales[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
            for (var j = 0; j < Size; j++) result.Values[i * Size + j] = (byte)(block[2 + j] + Middle); // the signed byte moved up by 128
        });
        return result;
    }

    /// <param name="w">[rows, columns]; may be longer.</param>
    public static ByteBlocks Quantise(float[] w, int rows, int columns)
    {
        var blocksPerRow = (columns + Size - 1) / Size;
        var values = new byte[(long)rows * blocksPerRow * Size];
        var scales = new float[(long)rows * blocksPerRow];
        var zeroPoints = new byte[scales.Length];
        Parallel.For(0, rows, row =>
        {
            Span<byte> first = stackalloc byte[Size], second = stackalloc byte[Size];
            for (var b = 0; b < blocksPerRow; b++)
            {
                var block = w.AsSpan(row * columns + b * Size, Math.Min(Size, columns - b * Size));
                var index = row * blocksPerRow + b;
                var (min, max) = (Math.Min(0, TensorPrimitives.Min<float>(block)), Math.Max(0, TensorPrimitives.Max<float>(block)));
                var symmetric = Math.Max(-min, max) / 127;
                var error = Fill(block, symmetric, Middle, first);
                var asymmetric = (max - min) / 255;
                var zero = asymmetric == 0 ? Middle : (byte)Math.Clamp(MathF.Round(-min / asymmetric), 0, 255);
                var better = Fill(block, asymmetric, zero, second) < error;
                (better ? second : first).CopyTo(values.AsSpan(index * Size));
                (scales[index], zeroPoints[index]) = better ? (asymmetric, zero) : (symmetric, Middle);
            }
        });
        return new ByteBlocks(values, scales, zeroPoints.AsSpan().ContainsAnyExcept(Middle) ? zeroPoints : null);
    }

    /// <summary>What the blocks hold, [rows, columns].</summary>
    public float[] Dequantise(int rows, int columns)
    {
        var blocksPerRow = Scales.Length / rows;
        var w = new float[rows * columns];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
            {
                var block = row * blocksPerRow + column / Size;
                w[row * columns + column] = (Values[block * Size + column % Size] - (ZeroPoints?[block] ?? Middle)) * Scales[block];
            }

        return w;
    }

    /// <summary>Rounds a block to a grid and returns the squared error.</summary>
    private static float Fill(ReadOnlySpan<float> block, float scale, byte zero, Span<byte> target)
    {
        target.Fill(zero);
        var inverse = scale == 0 ? 0 : 1 / scale;
        var error = 0f;
        for (var i = 0; i < block.Length; i++)
        {
            var q = Math.Clamp((int)MathF.Round(block[i] * inverse) + zero, 0, 255);
            target[i] = (byte)q;
            var difference = block[i] - (q - zero) * scale;
            error += difference * difference;
        }

        return error;
    }
}

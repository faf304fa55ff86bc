using System.Buffers.Binary;
using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Rows in blocks of 32 four-bit steps: w = (q - 8) · scale + minimum, q = 0 to 15. That is what GGUF's Q4_0 (minimum 0), Q4_1 and Q4_K store, so
/// these are taken over as they are; anything else is rounded. Block layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h.
/// </summary>
/// <param name="Values">[blocks, 16]: neighbours share a byte, the first in its low half.</param>
/// <param name="Scales">[blocks]</param>
/// <param name="Minima">[blocks] What the value q = 8 stands for.</param>
internal sealed record NibbleBlocks(byte[] Values, float[] Scales, float[] Minima)
{
    public const int Size = 32;
    private const int Middle = 8, Steps = 15, SuperBlock = 8; // blocks in a Q4_K

    /// <summary>Whether these blocks hold that type exactly.</summary>
    public static bool Holds(TensorType type) => type is TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q4_K;

    /// <summary>Takes stored blocks over.</summary>
    /// <param name="stored">May be longer than the blocks.</param>
    public static NibbleBlocks From(TensorType type, byte[] stored, int blocks)
    {
        var result = new NibbleBlocks(new byte[blocks * Size / 2], new float[blocks], new float[blocks]);
        Parallel.For(0, type == TensorType.Q4_K ? blocks / SuperBlock : blocks, i =>
        {
            var block = stored.AsSpan(i * type.BlockBytes(), type.BlockBytes());
            if (type == TensorType.Q4_K) result.TakeSuper(i, block);
            else result.TakeSimple(i, block, type == TensorType.Q4_1);
        });
        return result;
    }

    /// <summary>Rounds floats, [blocks, 32], each block to the grid of least squared error among a few (as llama.cpp's quantisers search).</summary>
    public static NibbleBlocks Quantise(float[] w, int blocks)
    {
        var result = new NibbleBlocks(new byte[blocks * Size / 2], new float[blocks], new float[blocks]);
        Parallel.For(0, blocks, i => result.Round(i, w.AsSpan(i * Size, Size)));
        return result;
    }

    /// <summary>What the blocks hold, [blocks, 32].</summary>
    public float[] Dequantise()
    {
        var w = new float[Scales.Length * Size];
        for (var i = 0; i < w.Length; i++)
        {
            var q = (Values[i / 2] >> (4 * (i % 2))) & 15;
            w[i] = (q - Middle) * Scales[i / Size] + Minima[i / Size];
        }

        return w;
    }

    // { half d; [half m;] byte q[16] }: value i in the low half of byte i, value i + 16 in its high half.
    private void TakeSimple(int index, ReadOnlySpan<byte> block, bool hasMinimum)
    {
        var d = Scales[index] = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        Minima[index] = hasMinimum ? (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]) + Middle * d : 0;
        var q = block[(hasMinimum ? 4 : 2)..];
        var target = Values.AsSpan(index * Size / 2, Size / 2);
        for (var i = 0; i < 8; i++)
        {
            target[i] = (byte)((q[2 * i] & 15) | (q[2 * i + 1] << 4));
            target[i + 8] = (byte)((q[2 * i] >> 4) | (q[2 * i + 1] & 0xF0));
        }
    }

    // { half d; half dmin; byte scales[12]; byte q[128] }: two groups of 32 share 32 bytes, the first in the low halves.
    private void TakeSuper(int index, ReadOnlySpan<byte> block)
    {
        var (d, least) = ((float)BinaryPrimitives.ReadHalfLittleEndian(block), (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]));
        var packed = block[4..16];
        for (var group = 0; group < SuperBlock; group++)
        {
            var (scale, minimum) = group < 4
                ? (packed[group] & 63, packed[group + 4] & 63)
                : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
            var at = index * SuperBlock + group;
            Scales[at] = d * scale;
            Minima[at] = Middle * (d * scale) - least * minimum;
            var q = block.Slice(16 + group / 2 * 32, 32);
            var shift = 4 * (group % 2);
            for (var i = 0; i < Size / 2; i++) Values[at * Size / 2 + i] = (byte)(((q[2 * i] >> shift) & 15) | (((q[2 * i + 1] >> shift) & 15) << 4));
        }
    }

    private void Round(int index, ReadOnlySpan<float> w)
    {
        var (low, high) = (TensorPrimitives.Min(w), TensorPrimitives.Max(w));
        Span<byte> q = stackalloc byte[Size], best = stackalloc byte[Size];
        var least = float.PositiveInfinity;
        for (var step = 0; step <= 10 && high > low; step++)
        {
            var grid = (high - low) / (Steps - 1 + 0.2f * step); // from one step less than the block's span to one more
            for (var i = 0; i < Size; i++) q[i] = (byte)Math.Clamp((int)MathF.Round((w[i] - low) / grid), 0, Steps);
            var (scale, minimum) = Fit(w, q);
            var error = 0f;
            for (var i = 0; i < Size; i++)
            {
                var difference = w[i] - (q[i] * scale + minimum);
                error += difference * difference;
            }

            if (error >= least) continue;
            least = error;
            q.CopyTo(best);
            (Scales[index], Minima[index]) = (scale, minimum + Middle * scale);
        }

        if (float.IsPositiveInfinity(least)) Minima[index] = low; // a block of one value
        for (var i = 0; i < Size / 2; i++) Values[index * Size / 2 + i] = (byte)(best[2 * i] | (best[2 * i + 1] << 4));
    }

    /// <summary>The line through the points (q, w).</summary>
    private static (float Scale, float Minimum) Fit(ReadOnlySpan<float> w, ReadOnlySpan<byte> q)
    {
        double sumQ = 0, sumQq = 0, sumW = 0, sumQw = 0;
        for (var i = 0; i < Size; i++)
        {
            sumQ += q[i];
            sumQq += q[i] * q[i];
            sumW += w[i];
            sumQw += q[i] * (double)w[i];
        }

        var scale = (Size * sumQw - sumQ * sumW) / (Size * sumQq - sumQ * sumQ);
        return ((float)scale, (float)((sumW - scale * sumQ) / Size));
    }
}

using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// Vectors in a byte a dimension: each is divided by its own greatest absolute value and rounded to −127..127. A quarter of the memory to read, which is what an
/// exhaustive search waits for; the error of a cosine is about 0.0005, and the best are scored again with the full vectors.
/// </summary>
internal static class Int8Vectors
{
    /// <returns>What the codes are multiplied with to give the vector.</returns>
    public static float Quantise(ReadOnlySpan<float> vector, Span<sbyte> codes)
    {
        var greatest = MathF.Abs(TensorPrimitives.MaxMagnitude(vector));
        if (!(greatest > 0)) return 0;
        var factor = 127 / greatest;
        for (var i = 0; i < vector.Length; i++) codes[i] = (sbyte)MathF.Round(vector[i] * factor);
        return greatest / 127;
    }

    /// <param name="query">Codes, widened once for all the vectors that it is compared with.</param>
    public static int Dot(ReadOnlySpan<short> query, ReadOnlySpan<sbyte> codes) => Avx2.IsSupported ? DotAvx2(query, codes) : DotPortable(query, codes);

    public static int DotPortable(ReadOnlySpan<short> query, ReadOnlySpan<sbyte> codes)
    {
        var sum = Vector128<int>.Zero;
        var i = 0;
        for (; i <= codes.Length - 16; i += 16)
        {
            var (low, high) = Vector128.Widen(Vector128.Create(codes.Slice(i, 16)));
            // 127 × 127 fits 16 bits.
            var (first, second) = Vector128.Widen(low * Vector128.Create(query.Slice(i, 8)));
            var (third, fourth) = Vector128.Widen(high * Vector128.Create(query.Slice(i + 8, 8)));
            sum += first + second + (third + fourth);
        }

        return Rest(query, codes, i, Vector128.Sum(sum));
    }

    private static int DotAvx2(ReadOnlySpan<short> query, ReadOnlySpan<sbyte> codes)
    {
        ref var q = ref MemoryMarshal.GetReference(query);
        ref var c = ref MemoryMarshal.GetReference(codes);
        var (even, odd) = (Vector256<int>.Zero, Vector256<int>.Zero);
        var i = 0;
        for (; i <= codes.Length - 32; i += 32)
        {
            even += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref c, (nuint)i)), Vector256.LoadUnsafe(ref q, (nuint)i));
            odd += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref c, (nuint)i + 16)), Vector256.LoadUnsafe(ref q, (nuint)i + 16));
        }

        return Rest(query, codes, i, Vector256.Sum(even + odd));
    }

    private static int Rest(ReadOnlySpan<short> query, ReadOnlySpan<sbyte> codes, int from, int sum)
    {
        for (var i = from; i < codes.Length; i++) sum += query[i] * codes[i];
        return sum;
    }
}

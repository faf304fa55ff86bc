using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Encoders;

/// <summary>Turns a sequence's token vectors into one vector of length 1.</summary>
internal static class Pooling
{
    /// <param name="hidden">[rows, width, dimensions], padded as <paramref name="batch"/> is.</param>
    /// <param name="kind">"cls": the first token's; "mean": the mean over real tokens; "last": the last real token's.</param>
    public static float[] Unit(ReadOnlySpan<float> hidden, EncoderBatch batch, int row, string kind)
    {
        var dimensions = hidden.Length / (batch.Rows * batch.Width);
        var length = (int)batch.Mask.AsSpan(row * batch.Width, batch.Width).Sum();
        var tokens = hidden.Slice(row * batch.Width * dimensions, length * dimensions);
        var vector = tokens[..dimensions].ToArray();
        switch (kind)
        {
            case "last":
                tokens[^dimensions..].CopyTo(vector);
                break;
            case "mean":
                // The sum will do: the division by the count goes away with the normalisation.
                for (var i = 1; i < length; i++) TensorPrimitives.Add(vector, tokens.Slice(i * dimensions, dimensions), vector);
                break;
        }

        var norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }

    private static long Sum(this Span<long> values)
    {
        var sum = 0L;
        foreach (var value in values) sum += value;
        return sum;
    }
}

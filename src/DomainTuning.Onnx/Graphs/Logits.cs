using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>Arithmetic over one row of logits.</summary>
internal static class Logits
{
    /// <summary>log softmax(logits)[token]; summed in double precision over blocks, which keeps seven digits at the speed of vectors.</summary>
    public static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        var max = TensorPrimitives.Max(logits);
        var sum = 0.0;
        Span<float> block = stackalloc float[256];
        for (var start = 0; start < logits.Length; start += block.Length)
        {
            var part = logits.Slice(start, Math.Min(block.Length, logits.Length - start));
            var exponentials = block[..part.Length];
            TensorPrimitives.Subtract(part, max, exponentials);
            TensorPrimitives.Exp<float>(exponentials, exponentials);
            sum += TensorPrimitives.Sum<float>(exponentials);
        }

        return logits[token] - max - Math.Log(sum);
    }
}

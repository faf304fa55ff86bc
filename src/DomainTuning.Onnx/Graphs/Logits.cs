using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>Arithmetic over one row of logits.</summary>
internal static class Logits
{
    /// <summary>log softmax(logits)[token], the sum taken in double precision.</summary>
    public static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        var max = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp((double)logit - max);
        return logits[token] - max - Math.Log(sum);
    }
}

using DomainTuning.Checkpoints.Decoders;
using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// Rotary positions (arXiv 2104.09864): pair (i, i + half) of each head turns by position · frequency[i]. The angles of a batch are worked out once and
/// serve all layers of a kind.
/// </summary>
internal sealed class RotaryEmbedding(double[] frequencies, ScalarType type)
{
    public RotaryEmbedding(DecoderWeights weights, RopeShape rope, ScalarType type)
        : this(weights.RotaryFrequencies(rope)[..(weights.Shape.HeadValues / 2)], type)
    {
    }

    /// <summary>cos [tokens, 1, head], sin [tokens, 1, head / 2].</summary>
    public (Tensor Cos, Tensor Sin) Angles(long[] positions)
    {
        var (half, tokens) = (frequencies.Length, positions.Length);
        var (cos, sin) = (new float[tokens * half], new float[tokens * half]);
        for (var t = 0; t < tokens; t++)
            for (var i = 0; i < half; i++)
                (sin[t * half + i], cos[t * half + i]) = ((float, float))Math.SinCos(positions[t] * frequencies[i]);
        var halfCos = tensor(cos, [tokens, 1, half], dtype: type);
        return (cat([halfCos, halfCos], -1), tensor(sin, [tokens, 1, half], dtype: type));
    }
}

/// <summary>Turns heads [tokens, heads, head]; on the way back it turns them the other way.</summary>
internal sealed class Rotation : autograd.SingleTensorFunction<Rotation>
{
    public override string Name => "Rotation";

    public static Tensor Of(Tensor x, (Tensor Cos, Tensor Sin) angles) => apply(x, angles.Cos, angles.Sin);

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (x, cos, sin) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2]);
        context.set_materialize_grads(false);
        context.save_for_backward([cos, sin]);
        return Turn(x, cos, sin, 1);
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var saved = context.get_saved_variables();
        var turned = Turn(gradient, saved[0], saved[1], -1).MoveToOuterDisposeScope();
        gradient.Dispose();
        return [turned, null!, null!];
    }

    private static Tensor Turn(Tensor x, Tensor cos, Tensor sin, float direction)
    {
        using var scope = NewDisposeScope();
        using var plus = direction.ToScalar();
        using var minus = (-direction).ToScalar();
        var half = x.shape[^1] / 2;
        var y = x.mul(cos);
        y.narrow(-1, 0, half).addcmul_(x.narrow(-1, half, half), sin, minus);
        y.narrow(-1, half, half).addcmul_(x.narrow(-1, 0, half), sin, plus);
        return y.MoveToOuterDisposeScope();
    }
}

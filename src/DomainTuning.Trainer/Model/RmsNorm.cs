using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// y = w · x / √(mean(x²) + ε) over the last dimension (arXiv 1910.07467), in 32-bit floats whatever the base's type is. The result has the type that the next linear layer
/// multiplies in.
/// </summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly float epsilon;
    private readonly ScalarType result;

    public readonly Parameter weight;

    public RmsNorm(string name, float[] weight, float epsilon, ScalarType result)
        : base(name)
    {
        this.epsilon = epsilon;
        this.result = result;
        this.weight = new Parameter(tensor(weight), requires_grad: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => RmsNormFunction.apply(x, weight, epsilon, result);
}

/// <summary>The norm and its derivative, in as few passes over memory as torch's own operations allow.</summary>
internal sealed class RmsNormFunction : autograd.SingleTensorFunction<RmsNormFunction>
{
    public override string Name => "RmsNorm";

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (x, weight, epsilon, result) = ((Tensor)inputs[0], (Tensor)inputs[1], (float)inputs[2], (ScalarType)inputs[3]);
        using var scope = NewDisposeScope();
        context.set_materialize_grads(false);
        var wide = x.to_type(ScalarType.Float32);
        var inverse = wide.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_(); // [.., 1]
        context.save_for_backward([x, weight, inverse.MoveToOuterDisposeScope()]);
        context.save_data("weight", weight.requires_grad);
        return wide.mul(inverse).mul_(weight).to_type(result).MoveToOuterDisposeScope();
    }

    /// <summary>With n = x/rms and g = w·dy: dx = (g - n · mean(g · n)) / rms; dw = Σ dy · n.</summary>
    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var saved = context.get_saved_variables();
        var (x, weight, inverse) = (saved[0], saved[1], saved[2]);
        var n = x.to_type(ScalarType.Float32).mul(inverse);
        var dy = gradient.to_type(ScalarType.Float32);
        var dw = (bool)context.get_data("weight") ? dy.mul(n).sum(Enumerable.Range(0, (int)n.dim() - 1).Select(d => (long)d).ToArray()).MoveToOuterDisposeScope() : null;
        var g = dy.mul(weight);
        var mean = g.mul(n).mean([-1], keepdim: true);
        using var minus = (-1f).ToScalar();
        var dx = g.addcmul_(n, mean, minus).mul_(inverse).to_type(x.dtype).MoveToOuterDisposeScope();
        gradient.Dispose();
        return [dx, dw!, null!, null!];
    }
}

using DomainTuning.Checkpoints.Decoders;
using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>down(activation(gate(x)) · up(x)), arXiv 2002.05202.</summary>
internal sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    private readonly GateActivation activation;
    private readonly FusedProjections gateUp;

    public readonly Projection gate_proj, up_proj, down_proj;

    /// <param name="path">As in the checkpoint: "model.layers.0.mlp".</param>
    public FeedForward(string path, DecoderShape shape, DecoderLayerWeights weights)
        : base("mlp")
    {
        activation = shape.Activation;
        gate_proj = new Projection($"{path}.gate_proj", weights.GateUp.narrow(0, 0, shape.FeedForward));
        up_proj = new Projection($"{path}.up_proj", weights.GateUp.narrow(0, shape.FeedForward, shape.FeedForward));
        down_proj = new Projection($"{path}.down_proj", weights.Down);
        gateUp = new FusedProjections(weights.GateUp, null, gate_proj, up_proj);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var both = gateUp.Forward(x);
        if (activation == GateActivation.Silu) return down_proj.forward(SiluGate.apply(both)).MoveToOuterDisposeScope();
        var halves = both.chunk(2, -1);
        return down_proj.forward(TanhGelu(halves[0]) * halves[1]).MoveToOuterDisposeScope();
    }

    /// <summary>½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): TorchSharp's own gelu has the exact form only.</summary>
    private static Tensor TanhGelu(Tensor x) => 0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)).tanh());
}

/// <summary>silu(gate) · up of [tokens, gate and up]: keeps what came in and nothing else.</summary>
internal sealed class SiluGate : autograd.SingleTensorFunction<SiluGate>
{
    public override string Name => "SiluGate";

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var both = (Tensor)inputs[0];
        context.set_materialize_grads(false);
        context.save_for_backward([both]);
        using var scope = NewDisposeScope();
        var halves = both.chunk(2, -1);
        return halves[0].silu().mul_(halves[1]).MoveToOuterDisposeScope();
    }

    /// <summary>With σ = sigmoid(g): dg = d · u · (σ + g σ (1 - σ)), du = d · g σ.</summary>
    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var minus = (-1f).ToScalar();
        var both = context.get_saved_variables()[0];
        var halves = both.chunk(2, -1);
        var (g, u) = (halves[0], halves[1]);
        var half = g.shape[^1];
        var result = empty_like(both);
        var sigma = g.sigmoid();
        var silu = g * sigma;
        result.narrow(-1, half, half).copy_(silu).mul_(gradient);
        // σ + gσ(1-σ) = σ + s - sσ with s = gσ
        var slope = sigma.add(silu).addcmul_(silu, sigma, minus);
        result.narrow(-1, 0, half).copy_(slope.mul_(u)).mul_(gradient);
        gradient.Dispose();
        return [result.MoveToOuterDisposeScope()];
    }
}

using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// Gradient checkpointing (arXiv 1604.06174): a layer's activations are dropped after the way there and computed again on the way back, from its input and
/// with the same random numbers.
/// </summary>
internal sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
{
    public override string Name => "Recomputed";

    /// <param name="x">Must require a gradient, or nothing behind it gets one.</param>
    /// <param name="angles">Of rotary positions; kept until the way back.</param>
    public static Tensor Of(Tensor x, (Tensor Cos, Tensor Sin) angles, Func<Tensor, (Tensor, Tensor), Tensor> layer) => apply(x, angles.Cos, angles.Sin, layer);

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (x, cos, sin, layer) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2], (Func<Tensor, (Tensor, Tensor), Tensor>)inputs[3]);
        context.set_materialize_grads(false);
        var random = get_rng_state();
        context.save_for_backward([x, cos, sin, random]);
        context.save_data("layer", layer);
        return layer(x, (cos, sin));
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var layer = (Func<Tensor, (Tensor, Tensor), Tensor>)context.get_data("layer");
        using var scope = NewDisposeScope();
        var saved = context.get_saved_variables();
        var now = get_rng_state();
        set_rng_state(saved[3]);
        using var grad = enable_grad();
        var x = saved[0].detach().requires_grad_();
        var y = layer(x, (saved[1], saved[2]));
        set_rng_state(now);
        y.backward([gradient]); // adds to the layer's own parameters, too
        gradient.Dispose();
        return [x.grad!.MoveToOuterDisposeScope(), null!, null!, null!];
    }
}

using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// Sum of cross entropies of a linear head at labelled places, some rows at a time: logits of all places never exist, and their gradient is made in the same
/// pass, while they are at hand (the idea of arXiv 2410.10989, section 3.2). Logits become 32-bit floats before anything is made of them.
/// </summary>
internal sealed class LabelLoss : autograd.SingleTensorFunction<LabelLoss>
{
    /// <summary>Logits that are held at once: 64 MB.</summary>
    private const long ChunkValues = 1 << 24;

    public override string Name => "LabelLoss";

    /// <param name="hidden">[labels, hidden]</param>
    /// <param name="head">[vocabulary, hidden]</param>
    /// <param name="labels">[labels]</param>
    public static Tensor Of(Tensor hidden, Tensor head, Tensor labels) => apply(hidden, head, labels, is_grad_enabled());

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (hidden, head, labels, isTraining) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2], (bool)inputs[3]);
        context.set_materialize_grads(false);
        using var scope = NewDisposeScope();
        var loss = zeros([]);
        var dHidden = isTraining && hidden.requires_grad ? empty_like(hidden) : null;
        var dHead = isTraining && head.requires_grad ? zeros_like(head) : null;
        var rows = Math.Max(16, ChunkValues / head.shape[0]);
        for (long first = 0; first < hidden.shape[0]; first += rows)
        {
            using var chunk = NewDisposeScope();
            var count = Math.Min(rows, hidden.shape[0] - first);
            var (h, y) = (hidden.narrow(0, first, count), labels.narrow(0, first, count).unsqueeze(1));
            var logits = h.matmul(head.t()).to_type(ScalarType.Float32);
            var normaliser = logits.logsumexp(1, keepdim: true);
            loss.add_((normaliser - logits.gather(1, y)).sum());
            if (dHidden is null && dHead is null) continue;
            var dLogits = logits.sub_(normaliser).exp_().scatter_add_(1, y, full_like(normaliser, -1)).to_type(head.dtype);
            dHidden?.narrow(0, first, count).copy_(dLogits.matmul(head));
            dHead?.addmm_(dLogits.t(), h);
        }

        context.save_for_backward([dHidden!, dHead!]);
        dHidden?.MoveToOuterDisposeScope();
        dHead?.MoveToOuterDisposeScope();
        return loss.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var saved = context.get_saved_variables();
        List<Tensor> results = [saved[0]?.mul_(gradient)!, saved[1]?.mul_(gradient)!, null!, null!];
        gradient.Dispose();
        return results;
    }
}

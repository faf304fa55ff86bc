using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>An adapter on some rows of a fused matrix.</summary>
internal sealed record RowUpdate(LoraLinear Adapter, long First, long Rows);

/// <summary>
/// y = x W0ᵀ + b + s · (x Aᵀ) Bᵀ with a frozen W0, of several neighbours at once. By hand, because what is computed on the way back is exactly this: dx = dy W0 + g A,
/// dA = gᵀ x, dB = s dyᵀ a with a = x Aᵀ and g = s dy B. The thin products add into what the thick one wrote; W0 gets no gradient; x and a are all that is kept.
/// </summary>
internal sealed class LowRankProduct : autograd.SingleTensorFunction<LowRankProduct>
{
    public override string Name => "LowRankProduct";

    /// <param name="x">[tokens, in]</param>
    /// <param name="W0">[out, in]</param>
    /// <param name="b">[out], or null.</param>
    public static Tensor Of(Tensor x, Tensor W0, Tensor? b, IReadOnlyList<RowUpdate> updates)
    {
        var frozen = new Frozen(W0, b, updates, x.requires_grad);
        return apply([x, frozen, .. updates.SelectMany(update => new object[] { update.Adapter.lora_A, update.Adapter.lora_B })]);
    }

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (x, frozen) = ((Tensor)inputs[0], (Frozen)inputs[1]);
        context.set_materialize_grads(false);
        context.save_data("frozen", frozen);
        using var scope = NewDisposeScope();
        var y = nn.functional.linear(x, frozen.W0, frozen.B);
        if (frozen.Updates.Count > 0)
        {
            var a = nn.functional.linear(x, frozen.A(x.dtype)); // [tokens, sum of ranks]
            long at = 0;
            foreach (var update in frozen.Updates)
            {
                var (B, rank) = (update.Adapter.lora_B, update.Adapter.lora_B.shape[1]);
                y.narrow(1, update.First, update.Rows).addmm_(a.narrow(1, at, rank), B.to_type(x.dtype).t(), 1, (float)update.Adapter.Scaling);
                at += rank;
            }

            context.save_for_backward([x, a]);
            a.MoveToOuterDisposeScope();
        }

        return y.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var frozen = (Frozen)context.get_data("frozen");
        var dy = gradient.contiguous();
        var results = new List<Tensor> { null!, null! };
        var dx = frozen.NeedsInputGradient ? dy.matmul(frozen.W0) : null;
        if (frozen.Updates.Count > 0)
        {
            var saved = context.get_saved_variables();
            var (x, a) = (saved[0], saved[1]);
            var (g, dB) = (new List<Tensor>(), new List<Tensor>());
            long at = 0;
            foreach (var update in frozen.Updates)
            {
                var (B, rank) = (update.Adapter.lora_B, update.Adapter.lora_B.shape[1]);
                using var s = update.Adapter.Scaling.ToScalar();
                var rows = dy.narrow(1, update.First, update.Rows);
                g.Add(rows.matmul(B.to_type(dy.dtype)).mul_(s));
                dB.Add(rows.t().matmul(a.narrow(1, at, rank)).to_type(ScalarType.Float32).mul_(s).MoveToOuterDisposeScope());
                at += rank;
            }

            var all = g.Count == 1 ? g[0] : cat(g, 1); // [tokens, sum of ranks]
            dx?.addmm_(all, frozen.A(dy.dtype));
            var dA = all.t().matmul(x).to_type(ScalarType.Float32);
            at = 0;
            for (var i = 0; i < dB.Count; i++)
            {
                var rank = dB[i].shape[1];
                results.Add(dA.narrow(0, at, rank).MoveToOuterDisposeScope());
                results.Add(dB[i]);
                at += rank;
            }
        }

        results[0] = dx?.MoveToOuterDisposeScope()!;
        gradient.Dispose();
        return results;
    }

    /// <summary>What is not differentiated.</summary>
    private sealed record Frozen(Tensor W0, Tensor? B, IReadOnlyList<RowUpdate> Updates, bool NeedsInputGradient)
    {
        /// <summary>[sum of ranks, in]</summary>
        public Tensor A(ScalarType type) => Updates.Count == 1 ? Updates[0].Adapter.lora_A.to_type(type) : cat([.. Updates.Select(update => (Tensor)update.Adapter.lora_A)], 0).to_type(type);
    }
}

using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// softmax(q kᵀ · scale) v, causal, within each example of a line of tokens. Done by blocks of queries, each against the keys that it may see: half of the products of
/// a square are never computed, and none between examples. The query heads that share a key head are rows of one product. torch's fused kernel reaches a third of
/// the rate of its own matrix products on a CPU, in bfloat16 a sixth; these are matrix products. The price is that probabilities are kept until the way back.
/// </summary>
internal sealed class CausalProduct : autograd.SingleTensorFunction<CausalProduct>
{
    /// <summary>Queries in a block: fewer waste less above the diagonal, more make larger products.</summary>
    private const long Block = 128;

    public override string Name => "CausalProduct";

    /// <summary>[tokens, heads · head]</summary>
    /// <param name="q">[tokens, heads, head]</param>
    /// <param name="k">[tokens, key heads, head]</param>
    /// <param name="v">[tokens, key heads, head]</param>
    /// <param name="lengths">Tokens of each example.</param>
    /// <param name="window">Tokens that each looks back on, itself included; 0 sees everything.</param>
    public static Tensor Of(Tensor q, Tensor k, Tensor v, long[] lengths, int window, double scale) => apply(q, k, v, new Plan(lengths, window, scale, q.shape[1], k.shape[1], q.shape[2]));

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (q, k, v, plan) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2], (Plan)inputs[3]);
        context.set_materialize_grads(false);
        context.save_data("plan", plan);
        using var scope = NewDisposeScope();
        using var s = plan.Scale.ToScalar();
        var scaled = q.mul(s);
        var result = empty(q.shape[0], plan.Heads * plan.Head, dtype: q.dtype);
        var saved = new List<Tensor> { scaled, k, v, result.detach() }; // the result itself would hold its own node, and that the result
        foreach (var (start, length) in plan.Examples())
        {
            using var example = NewDisposeScope();
            var (keys, values) = (Plan.Keys(k, start, length), Plan.Keys(v, start, length));
            foreach (var (from, count, first) in plan.Blocks(length))
            {
                var seen = from + count - first;
                var scores = plan.Queries(scaled, start + from, count).bmm(keys.narrow(1, first, seen).transpose(1, 2)); // [key heads, sharing · count, seen]
                plan.Hide(scores, from, count, first);
                var p = scores.softmax(-1);
                plan.Put(result, start + from, count, p.bmm(values.narrow(1, first, seen)));
                saved.Add(p.MoveToOuterDisposeScope());
            }
        }

        // The context holds them until the way back; it takes them when this method has returned.
        foreach (var kept in saved)
            if (!ReferenceEquals(kept, k) && !ReferenceEquals(kept, v)) kept.MoveToOuterDisposeScope();
        context.save_for_backward(saved);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>With d = Σ dO · O: dV = Pᵀ dO, dS = P (dO Vᵀ - d), dQ = dS K · scale, dK = dSᵀ Q · scale.</summary>
    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var plan = (Plan)context.get_data("plan");
        var saved = context.get_saved_variables();
        var (scaled, k, v, output) = (saved[0], saved[1], saved[2], saved[3]);
        var (dq, dk, dv) = (empty(scaled.shape, dtype: scaled.dtype), empty(k.shape, dtype: k.dtype), empty(v.shape, dtype: v.dtype));
        var next = 4;
        foreach (var (start, length) in plan.Examples())
        {
            using var example = NewDisposeScope();
            var (keys, values) = (Plan.Keys(k, start, length), Plan.Keys(v, start, length));
            var (dKeys, dValues) = (zeros_like(keys), zeros_like(values));
            foreach (var (from, count, first) in plan.Blocks(length))
            {
                using var block = NewDisposeScope();
                var (p, seen) = (saved[next++], from + count - first);
                var (queries, dO) = (plan.Queries(scaled, start + from, count), plan.Queries(gradient, start + from, count));
                var d = dO.mul(plan.Queries(output, start + from, count)).sum(-1, keepdim: true);
                dValues.narrow(1, first, seen).add_(p.transpose(1, 2).bmm(dO));
                var dS = dO.bmm(values.narrow(1, first, seen).transpose(1, 2)).sub_(d).mul_(p);
                dKeys.narrow(1, first, seen).add_(dS.transpose(1, 2).bmm(queries));
                plan.Put(dq, start + from, count, dS.bmm(keys.narrow(1, first, seen)));
            }

            dk.narrow(0, start, length).copy_(dKeys.transpose(0, 1));
            dv.narrow(0, start, length).copy_(dValues.transpose(0, 1));
        }

        using var s = plan.Scale.ToScalar();
        dq.mul_(s);
        gradient.Dispose();
        return [dq.MoveToOuterDisposeScope(), dk.MoveToOuterDisposeScope(), dv.MoveToOuterDisposeScope(), null!];
    }

    private sealed record Plan(long[] Lengths, int Window, double Scale, long Heads, long KeyHeads, long Head)
    {
        public IEnumerable<(long Start, long Length)> Examples()
        {
            long start = 0;
            foreach (var length in Lengths)
            {
                yield return (start, length);
                start += length;
            }
        }

        /// <summary>Each block's first query, its number of queries, and the first key that one of them sees.</summary>
        public IEnumerable<(long From, long Count, long First)> Blocks(long length)
        {
            for (long from = 0; from < length; from += Block)
                yield return (from, Math.Min(Block, length - from), Window == 0 ? 0 : Math.Max(0, from - Window + 1));
        }

        /// <summary>[key heads, sharing · count, head]: the rows of those heads that share a key head stand behind one another.</summary>
        public Tensor Queries(Tensor x, long from, long count) => x.narrow(0, from, count).view(count, KeyHeads, Heads / KeyHeads, Head).permute(1, 2, 0, 3).reshape(KeyHeads, -1, Head);

        /// <summary>The other way round, into [tokens, heads, head].</summary>
        public void Put(Tensor target, long from, long count, Tensor rows) =>
            target.narrow(0, from, count).view(count, KeyHeads, Heads / KeyHeads, Head).copy_(rows.view(KeyHeads, Heads / KeyHeads, count, Head).permute(2, 0, 1, 3));

        /// <summary>[key heads, length, head]</summary>
        public static Tensor Keys(Tensor x, long start, long length) => x.narrow(0, start, length).transpose(0, 1).contiguous();

        /// <summary>A query sees itself and what is before it, as far as the window reaches.</summary>
        public void Hide(Tensor scores, long from, long count, long first)
        {
            using var scope = NewDisposeScope();
            var square = scores.view(KeyHeads, Heads / KeyHeads, count, -1);
            square.narrow(-1, from - first, count).add_(Infinite(count, count, scores.dtype).triu(1));
            if (Window == 0 || from + count - first <= Window) return;
            // Row i is query from + i, column j is key first + j: hidden where from + i - first - j >= Window.
            square.add_(Infinite(count, square.shape[^1], scores.dtype).tril(from - first - Window));
        }

        private static Tensor Infinite(long rows, long columns, ScalarType type) => full(rows, columns, float.NegativeInfinity, dtype: type);
    }
}

using DomainTuning.Trainer.Methods;
using DomainTuning.Trainer.Model;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Benchmarks;

/// <summary>
/// The loop that one writes first, for comparison: examples padded to the longest of a batch, one product for each linear layer, the formula of LoRA as autograd
/// operations, logits of all places, an optimiser that visits each parameter.
/// </summary>
internal static class NaiveLoop
{
    public static TrainingBenchmark.Speed Measure(DecoderModel model, AdapterModules adapter, IReadOnlyList<List<long[]>> batches, int steps, Func<double> clock)
    {
        using var optimiser = optim.AdamW([.. adapter.Parameters.Names.Select(name => adapter.Parameters[name])], lr: 1e-4);
        double best = double.MaxValue, forward = 0, backward = 0;
        for (var step = 0; step <= steps; step++)
        {
            var watch = clock();
            var (there, back) = (0.0, 0.0);
            foreach (var examples in batches)
            {
                using var scope = NewDisposeScope();
                var start = (clock() - watch);
                var length = examples.Max(ids => ids.Length);
                IEnumerable<long> Padded(IEnumerable<long> values, long pad) => values.Concat(Enumerable.Repeat(pad, length)).Take(length);
                var ids = tensor(examples.SelectMany(one => Padded(one, 0)).ToArray()).view(examples.Count, length);
                var labels = tensor(examples.SelectMany(one => Padded(TrainingBenchmark.Labels(one), PackedBatch.NoLabel)).ToArray());
                var logits = Logits(model, ids).view(examples.Count * length, -1).to_type(ScalarType.Float32);
                var loss = nn.functional.cross_entropy(logits, labels, ignore_index: PackedBatch.NoLabel, reduction: nn.Reduction.Sum);
                var middle = (clock() - watch);
                loss.backward();
                there += middle - start;
                back += (clock() - watch) - middle;
            }

            optimiser.step();
            optimiser.zero_grad();
            if (step == 0 || (clock() - watch) >= best) continue;
            (best, forward, backward) = ((clock() - watch), there, back);
        }

        var all = batches.SelectMany(batch => batch).ToList();
        return new TrainingBenchmark.Speed(all.Sum(ids => ids.Length), all.Sum(ids => TrainingBenchmark.Labels(ids).Count(label => label != PackedBatch.NoLabel)), best, forward, backward);
    }

    /// <summary>[batch, time, vocabulary]; models of one kind of layer (Llama).</summary>
    private static Tensor Logits(DecoderModel model, Tensor ids)
    {
        var (shape, type) = (model.Shape, model.BaseType);
        var (batch, length) = (ids.shape[0], ids.shape[1]);
        var angles = arange(length, dtype: ScalarType.Float32).unsqueeze(1) * pow(shape.Rope.Base, arange(0, shape.HeadValues, 2, dtype: ScalarType.Float32) / -shape.HeadValues);
        angles = cat([angles, angles], -1);
        var (cos, sin) = (angles.cos().to_type(type), angles.sin().to_type(type));
        Tensor Linear(Projection p, Tensor x) => p.Adapter is { } adapter ? adapter.Forward(x, p.weight, p.bias) : nn.functional.linear(x, p.weight, p.bias);
        Tensor Norm(RmsNorm norm, Tensor x)
        {
            var wide = x.to_type(ScalarType.Float32);
            return (wide * rsqrt(wide.pow(2).mean([-1L], true) + shape.NormEpsilon) * norm.weight).to_type(type);
        }

        Tensor Heads(Tensor x, long heads) => x.view(batch, length, heads, shape.HeadValues).transpose(1, 2);
        Tensor Turn(Tensor x)
        {
            var half = x.chunk(2, -1);
            return x * cos + cat([-half[1], half[0]], -1) * sin;
        }

        var x = model.model.embed_tokens.weight.index_select(0, ids.view(-1)).view(batch, length, shape.Hidden);
        foreach (var layer in model.model.layers)
        {
            var attention = layer.self_attn;
            var n = Norm(layer.input_layernorm, x);
            var q = Turn(Heads(Linear(attention.q_proj, n), shape.Heads));
            var k = Turn(Heads(Linear(attention.k_proj, n), shape.KeyValueHeads)).repeat_interleave(shape.Heads / shape.KeyValueHeads, 1);
            var v = Heads(Linear(attention.v_proj, n), shape.KeyValueHeads).repeat_interleave(shape.Heads / shape.KeyValueHeads, 1);
            var o = nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true).transpose(1, 2).reshape(batch, length, -1);
            x = x + Linear(attention.o_proj, o);
            n = Norm(layer.post_attention_layernorm, x);
            x = x + Linear(layer.mlp.down_proj, nn.functional.silu(Linear(layer.mlp.gate_proj, n)) * Linear(layer.mlp.up_proj, n));
        }

        return nn.functional.linear(Norm(model.model.norm, x), model.lm_head.weight);
    }
}

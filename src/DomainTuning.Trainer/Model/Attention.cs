using DomainTuning.Checkpoints.Decoders;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>Causal attention within each example, several query heads to a head of keys and values (arXiv 2305.13245).</summary>
internal sealed class Attention : nn.Module
{
    private readonly DecoderShape shape;
    private readonly int window;
    private readonly FusedProjections qkv;

    public readonly Projection q_proj, k_proj, v_proj, o_proj;
    public readonly RmsNorm? q_norm, k_norm;

    /// <param name="path">As in the checkpoint: "model.layers.0.self_attn".</param>
    public Attention(string path, DecoderShape shape, int window, DecoderLayerWeights weights)
        : base("self_attn")
    {
        this.shape = shape;
        this.window = window;
        long queries = (long)shape.Heads * shape.HeadValues, keys = (long)shape.KeyValueHeads * shape.HeadValues;
        Projection Rows(string name, long first, long count) => new($"{path}.{name}", weights.Qkv.narrow(0, first, count), weights.QkvBias?.narrow(0, first, count));
        q_proj = Rows("q_proj", 0, queries);
        k_proj = Rows("k_proj", queries, keys);
        v_proj = Rows("v_proj", queries + keys, keys);
        o_proj = new Projection($"{path}.o_proj", weights.Output);
        qkv = new FusedProjections(weights.Qkv, weights.QkvBias, q_proj, k_proj, v_proj);
        q_norm = weights.QueryNorm is { } q ? new RmsNorm("q_norm", q, shape.NormEpsilon, weights.Qkv.dtype) : null;
        k_norm = weights.KeyNorm is { } k ? new RmsNorm("k_norm", k, shape.NormEpsilon, weights.Qkv.dtype) : null;
        RegisterComponents();
    }

    /// <summary>[tokens, hidden] to the same.</summary>
    public Tensor Forward(Tensor x, TokenLayout layout, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        var (heads, groups, head) = ((long)shape.Heads, (long)shape.KeyValueHeads, (long)shape.HeadValues);
        var parts = qkv.Forward(x).split([(heads + groups) * head, groups * head], 1);
        var (q, k) = Rotated(parts[0].view(-1, heads + groups, head), angles); // [tokens, heads, head]
        var attended = CausalProduct.Of(q, k, parts[1].view(-1, groups, head), layout.Lengths, window, shape.AttentionScale);
        return o_proj.forward(attended).MoveToOuterDisposeScope();
    }

    private (Tensor Q, Tensor K) Rotated(Tensor qk, (Tensor Cos, Tensor Sin) angles)
    {
        long[] counts = [shape.Heads, shape.KeyValueHeads];
        if (q_norm is null || k_norm is null)
        {
            var turned = Rotation.Of(qk, angles).split(counts, 1);
            return (turned[0], turned[1]);
        }

        var parts = qk.split(counts, 1);
        return (Rotation.Of(q_norm.forward(parts[0]), angles), Rotation.Of(k_norm.forward(parts[1]), angles));
    }
}

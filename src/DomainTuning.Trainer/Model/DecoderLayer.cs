using DomainTuning.Checkpoints.Decoders;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>One block: attention, then feed-forward, each reading a norm of the residual stream and adding to it. The stream is 32-bit floats.</summary>
internal sealed class DecoderLayer : nn.Module
{
    public readonly RmsNorm input_layernorm, post_attention_layernorm;

    /// <summary>Of models with post norms, whose post_attention_layernorm stands where its name says.</summary>
    public readonly RmsNorm? pre_feedforward_layernorm, post_feedforward_layernorm;

    public readonly Attention self_attn;
    public readonly FeedForward mlp;

    public DecoderLayer(int index, DecoderShape shape, DecoderLayerWeights weights)
        : base($"layers.{index}")
    {
        var path = $"model.layers.{index}";
        RmsNorm Norm(string name, float[] values, bool isPost = false) => new(name, values, shape.NormEpsilon, isPost ? ScalarType.Float32 : weights.Qkv.dtype);
        input_layernorm = Norm(nameof(input_layernorm), weights.AttentionNorm);
        self_attn = new Attention($"{path}.self_attn", shape, shape.Window(index), weights);
        mlp = new FeedForward($"{path}.mlp", shape, weights);
        if (weights.AttentionPostNorm is { } afterAttention && weights.FeedForwardPostNorm is { } afterFeedForward)
        {
            post_attention_layernorm = Norm(nameof(post_attention_layernorm), afterAttention, isPost: true);
            pre_feedforward_layernorm = Norm(nameof(pre_feedforward_layernorm), weights.FeedForwardNorm);
            post_feedforward_layernorm = Norm(nameof(post_feedforward_layernorm), afterFeedForward, isPost: true);
        }
        else post_attention_layernorm = Norm(nameof(post_attention_layernorm), weights.FeedForwardNorm);
        HasWindow = shape.Window(index) > 0;
        RegisterComponents();
    }

    public bool HasWindow { get; }

    public Tensor Forward(Tensor x, TokenLayout layout, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        var attended = self_attn.Forward(input_layernorm.forward(x), layout, angles);
        if (pre_feedforward_layernorm is null || post_feedforward_layernorm is null)
        {
            x = x + attended;
            return (x + mlp.forward(post_attention_layernorm.forward(x))).MoveToOuterDisposeScope();
        }

        x = x + post_attention_layernorm.forward(attended);
        return (x + post_feedforward_layernorm.forward(mlp.forward(pre_feedforward_layernorm.forward(x)))).MoveToOuterDisposeScope();
    }
}

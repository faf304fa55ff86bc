using DomainTuning.Checkpoints.Decoders;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>The decoder without its head: embedding, blocks and the last norm. Its name in checkpoints is "model".</summary>
internal sealed class DecoderStack : nn.Module
{
    private readonly DecoderShape shape;
    private readonly RotaryEmbedding rotary;
    private readonly RotaryEmbedding? windowRotary;

    public readonly TokenEmbedding embed_tokens;
    public readonly ModuleList<DecoderLayer> layers;
    public readonly RmsNorm norm;

    public DecoderStack(DecoderWeights weights, ScalarType type, CancellationToken cancellationToken)
        : base("model")
    {
        shape = weights.Shape;
        rotary = new RotaryEmbedding(weights, shape.Rope, type);
        windowRotary = shape.WindowRope is { } other ? new RotaryEmbedding(weights, other, type) : null;
        embed_tokens = new TokenEmbedding(DecoderLayerWeights.Read(weights.Embedding(), type, cancellationToken), shape.EmbeddingScale);
        layers = new ModuleList<DecoderLayer>([.. Enumerable.Range(0, shape.Layers).Select(i => new DecoderLayer(i, shape, DecoderLayerWeights.Read(weights, i, type, cancellationToken)))]);
        norm = new RmsNorm("norm", weights.FinalNorm(), shape.NormEpsilon, type);
        RegisterComponents();
    }

    /// <summary>Keep activations of one layer at a time; costs a second way there.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>[tokens, hidden], after the last norm.</summary>
    public Tensor Forward(TokenLayout layout)
    {
        using var scope = NewDisposeScope();
        var angles = rotary.Angles(layout.Positions);
        var windowAngles = windowRotary?.Angles(layout.Positions) ?? angles;
        var x = embed_tokens.forward(layout.Ids);
        var recompute = GradientCheckpointing && is_grad_enabled();
        if (recompute && !x.requires_grad) x.requires_grad_();
        foreach (var layer in layers)
        {
            var its = layer.HasWindow ? windowAngles : angles;
            x = recompute ? Recomputed.Of(x, its, (input, turns) => layer.Forward(input, layout, turns)) : layer.Forward(x, layout, its);
        }

        return norm.forward(x).MoveToOuterDisposeScope();
    }
}

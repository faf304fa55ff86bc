using DomainTuning.Checkpoints.Decoders;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// A chat model to be trained: the same checkpoint that the engine serves, computed by torch. The base is frozen; what is trained comes from Methods/. One user at
/// a time.
/// </summary>
internal sealed class DecoderModel : nn.Module
{
    public readonly DecoderStack model;

    /// <summary>The output matrix; of a tied model its weight is that of the embedding, the same tensor.</summary>
    public readonly Projection lm_head;

    private DecoderModel(DecoderWeights weights, ScalarType type, CancellationToken cancellationToken)
        : base(nameof(DecoderModel))
    {
        Shape = weights.Shape;
        BaseType = type;
        model = new DecoderStack(weights, type, cancellationToken);
        lm_head = new Projection("lm_head", Shape.Tied ? model.embed_tokens.weight : DecoderLayerWeights.Read(weights.Head(), type, cancellationToken));
        RegisterComponents();
    }

    public DecoderShape Shape { get; }

    /// <summary>The type of the base's weights and of what its linear layers multiply.</summary>
    public ScalarType BaseType { get; }

    /// <summary>Keep activations of one layer at a time, and compute them again on the way back. Default false.</summary>
    public bool GradientCheckpointing
    {
        get => model.GradientCheckpointing;
        set => model.GradientCheckpointing = value;
    }

    /// <summary>Every linear layer that an adapter may stand on, in the order of the model.</summary>
    public IEnumerable<Projection> Projections =>
        model.layers.SelectMany(layer => new[] { layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj, layer.self_attn.o_proj, layer.mlp.gate_proj, layer.mlp.up_proj, layer.mlp.down_proj }).Append(lm_head);

    /// <summary>Reads all weights. The checkpoint may be closed afterwards.</summary>
    /// <param name="type">Float32, or BFloat16 where the CPU has instructions for it (<see cref="Natives.Bf16"/>).</param>
    public static DecoderModel Load(DecoderCheckpoint checkpoint, ScalarType type, CancellationToken cancellationToken = default) => new(checkpoint.Weights, type, cancellationToken);

    /// <summary>[tokens, hidden] after the last norm: all tokens of the batch without its padding, row after row.</summary>
    public Tensor Hidden(PackedBatch batch)
    {
        using var layout = new TokenLayout(batch);
        return model.Forward(layout);
    }

    /// <summary>
    /// The sum of cross entropies over labelled places, so that the caller can divide by the labels of a whole step. Without a gradient nothing is kept.
    /// </summary>
    public (Tensor LossSum, long Tokens) Loss(PackedBatch batch)
    {
        using var layout = new TokenLayout(batch);
        using var scope = NewDisposeScope();
        var hidden = model.Forward(layout).index_select(0, layout.LabelPlaces);
        var loss = lm_head.Adapter is null
            ? LabelLoss.Of(hidden, lm_head.weight, layout.Labels)
            : nn.functional.cross_entropy(lm_head.forward(hidden).to_type(ScalarType.Float32), layout.Labels, reduction: nn.Reduction.Sum);
        return (loss.MoveToOuterDisposeScope(), layout.LabelTokens);
    }

    /// <summary>[places, vocabulary] in 32-bit floats.</summary>
    /// <param name="places">Of the batch's tokens, counted without padding, row after row; null for all.</param>
    public Tensor Logits(PackedBatch batch, IReadOnlyList<long>? places = null)
    {
        using var layout = new TokenLayout(batch);
        using var scope = NewDisposeScope();
        var hidden = model.Forward(layout);
        if (places is not null) hidden = hidden.index_select(0, tensor(places.ToArray()));
        return lm_head.forward(hidden).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}

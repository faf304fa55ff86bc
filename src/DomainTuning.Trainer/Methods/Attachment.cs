using DomainTuning.Trainer.Model;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>What an adapter does to one linear layer: an update beside it, its whole weight or its bias replaced, or nothing.</summary>
internal sealed class Attachment(Projection projection)
{
    private Parameter? baseWeight;
    private Tensor? baseBias;

    public LoraLinear? Adapter { get; private init; }

    /// <summary>Of modules_to_save.</summary>
    private Parameter? SavedWeight { get; init; }

    /// <summary>A bias that was trained along.</summary>
    private Parameter? SavedBias { get; init; }

    public static Attachment Of(Projection projection, AdapterModules adapter, IReadOnlySet<string> names)
    {
        Parameter? Take(string part) => names.Contains($"{projection.Path}.{part}") ? adapter.Parameters[$"{projection.Path}.{part}"] : null;
        return new Attachment(projection)
        {
            Adapter = Take("lora_A.weight") is not { } A ? null : new LoraLinear
            {
                lora_A = A,
                lora_B = Take("lora_B.weight")!,
                lora_magnitude_vector = Take("lora_magnitude_vector"),
                UpdateBias = Take("lora_B.bias"),
                Scaling = adapter.Config.Of(projection.Path).Scaling,
                Dropout = adapter.Dropout,
            },
            SavedWeight = Take("weight"),
            SavedBias = Take("base_layer.bias") ?? Take("bias"),
        };
    }

    public static LoraEmbedding? Embedding(AdapterModules adapter, IReadOnlySet<string> names) => !names.Contains($"{AdapterModules.EmbeddingName}.lora_embedding_A") ? null : new LoraEmbedding(
        adapter.Parameters[$"{AdapterModules.EmbeddingName}.lora_embedding_A"],
        adapter.Parameters[$"{AdapterModules.EmbeddingName}.lora_embedding_B"],
        adapter.Config.Of(AdapterModules.EmbeddingName).Scaling);

    public void Attach()
    {
        using var grad = no_grad();
        projection.Adapter = Adapter;
        if (SavedWeight is not null) (projection.weight, baseWeight) = (SavedWeight, projection.weight);
        if (SavedBias is null || projection.bias is null) return;
        baseBias = projection.bias.clone().DetachFromDisposeScope(); // neighbours share its storage: copied, not exchanged
        projection.bias.copy_(SavedBias);
    }

    public void Detach()
    {
        using var grad = no_grad();
        projection.Adapter = null;
        if (baseWeight is not null) (projection.weight, baseWeight) = (baseWeight, null);
        if (baseBias is null) return;
        projection.bias!.copy_(baseBias);
        baseBias.Dispose();
        baseBias = null;
    }

    /// <summary>Changes the base's tensors in place.</summary>
    /// <returns>Each of them, with what it was.</returns>
    public IEnumerable<(Tensor Target, Tensor Base)> Merge()
    {
        if (Adapter is null) yield break;
        using var scope = NewDisposeScope();
        yield return (projection.weight, projection.weight.clone().DetachFromDisposeScope());
        projection.weight.copy_(Adapter.Merged(projection.weight));
        if (Adapter.UpdateBias is { } extra && projection.bias is { } bias)
        {
            yield return (bias, bias.clone().DetachFromDisposeScope());
            bias.copy_(bias + extra * Adapter.Scaling);
        }

        projection.Adapter = null;
    }

    public void Resume() => projection.Adapter = Adapter;
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>LoRA on an embedding: e = E[id] + s · B A[:, id]. Read from adapters made elsewhere; trained here are linear layers.</summary>
internal sealed record LoraEmbedding(Parameter lora_embedding_A, Parameter lora_embedding_B, double Scaling)
{
    /// <summary>[tokens, hidden]: what is added.</summary>
    public Tensor Forward(Tensor ids) => lora_embedding_A.index_select(1, ids).t().matmul(lora_embedding_B.t()) * Scaling;

    /// <summary>[vocabulary, hidden]</summary>
    public Tensor Merged(Tensor E)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return (E.to_type(ScalarType.Float32) + lora_embedding_B.matmul(lora_embedding_A).t() * Scaling).to_type(E.dtype).MoveToOuterDisposeScope();
    }
}

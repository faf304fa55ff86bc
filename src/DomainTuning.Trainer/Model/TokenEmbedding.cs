using DomainTuning.Trainer.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>A row of the table for each token, as 32-bit floats: what the residual stream begins with.</summary>
internal sealed class TokenEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly double scale;

    /// <summary>[vocabulary, hidden]</summary>
    public Parameter weight;

    public TokenEmbedding(Tensor weight, double scale)
        : base("embed_tokens")
    {
        this.scale = scale;
        this.weight = new Parameter(weight, requires_grad: false);
        RegisterComponents();
    }

    /// <summary>Null: the base alone.</summary>
    public LoraEmbedding? Adapter { get; set; }

    /// <summary>[tokens] to [tokens, hidden].</summary>
    public override Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var rows = weight.index_select(0, ids).to_type(ScalarType.Float32);
        if (Adapter is not null) rows = rows + Adapter.Forward(ids);
        return (Math.Abs(scale - 1) < 1e-9 ? rows : rows * scale).MoveToOuterDisposeScope();
    }
}

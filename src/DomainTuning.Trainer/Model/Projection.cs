using DomainTuning.Trainer.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>A linear layer of the base, y = x Wᵀ + b, frozen unless someone asks for its gradients, with an adapter on it or without.</summary>
internal sealed class Projection : nn.Module<Tensor, Tensor>
{
    /// <summary>[out, in]; rows of a matrix that neighbours share (<see cref="FusedProjections"/>).</summary>
    public Parameter weight;

    /// <summary>[out]</summary>
    public Parameter? bias;

    /// <param name="path">As in the checkpoint: "model.layers.0.self_attn.q_proj".</param>
    public Projection(string path, Tensor weight, Tensor? bias = null)
        : base(path[(path.LastIndexOf('.') + 1)..])
    {
        Path = path;
        this.weight = weight as Parameter ?? new Parameter(weight, requires_grad: false);
        if (bias is not null) this.bias = new Parameter(bias, requires_grad: false);
        RegisterComponents();
    }

    public string Path { get; }

    public long Out => weight.shape[0];

    public long In => weight.shape[1];

    /// <summary>Null: the base alone.</summary>
    public LoraLinear? Adapter { get; set; }

    public bool IsTrained => weight.requires_grad || bias?.requires_grad == true;

    public override Tensor forward(Tensor x) => new FusedProjections(weight, bias, this).Forward(x);
}

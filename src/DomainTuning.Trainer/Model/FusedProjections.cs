using DomainTuning.Trainer.Methods;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// Linear layers that read the same input (q, k, v; gate, up), computed as one product: their weights are rows of one matrix, as long as the base is frozen.
/// </summary>
/// <param name="weight">[sum of outputs, in]; the members' weights are its rows, in order.</param>
/// <param name="bias">[sum of outputs], or null.</param>
internal sealed class FusedProjections(Tensor weight, Tensor? bias, params Projection[] members)
{
    /// <summary>[tokens, in] to [tokens, sum of outputs].</summary>
    public Tensor Forward(Tensor x)
    {
        if (Array.Exists(members, member => member.IsTrained || member.Adapter is { StandsAlone: true }))
            return members.Length == 1 ? Alone(members[0], x) : cat([.. members.Select(member => Alone(member, x))], -1);

        var updates = new List<RowUpdate>();
        long first = 0;
        foreach (var member in members)
        {
            if (member.Adapter is { } adapter) updates.Add(new RowUpdate(adapter, first, member.Out));
            first += member.Out;
        }

        if (!updates.Exists(update => update.Adapter.IsDora)) return LowRankProduct.Of(x, weight, bias, updates);

        // DoRA scales what a row gives, but not the bias.
        var scale = cat([.. members.Select(member => member.Adapter?.RowScale(member.weight) ?? ones(member.Out))]);
        var y = LowRankProduct.Of(x, weight, null, updates) * scale.to_type(weight.dtype);
        return bias is null ? y : y + bias;
    }

    private static Tensor Alone(Projection member, Tensor x) => member.Adapter is { } adapter ? adapter.Forward(x, member.weight, member.bias) : nn.functional.linear(x, member.weight, member.bias);
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>
/// LoRA (arXiv 2106.09685): beside a frozen matrix W0 stands the product of two thin ones, and only those are trained.
/// <code>
///          ┌───────────────────┐
///     ┌───►│ W0  [out, in]     │────────────────────┐
///     │    └───────────────────┘                    ▼
///   x ┤                                             + ──► y = x W0ᵀ + b + s · (drop(x) Aᵀ) Bᵀ
///     │    ┌──────────┐    ┌───────────┐            ▲
///     └───►│ A [r,in] │───►│ B [out,r] │──── · s ───┘      W = W0 + s B A,   s = alpha / r
///          └──────────┘    └───────────┘
///       A: uniform ± 1/√in   B: zeros, so training begins at the base
/// </code>
/// rsLoRA (2312.03732) takes s = alpha / √r. DoRA (2402.09353) has a magnitude m for each row, which starts as the row's norm:
/// y = m / ‖W0 + s B A‖ · (W0 + s B A) x + b, where the norm is a constant on the way back (its section 4.3).
/// </summary>
internal sealed class LoraLinear
{
    /// <summary>[r, in]</summary>
    public required Parameter lora_A { get; init; }

    /// <summary>[out, r]</summary>
    public required Parameter lora_B { get; init; }

    /// <summary>[out]; null without DoRA.</summary>
    public Parameter? lora_magnitude_vector { get; init; }

    /// <summary>[out], added to what B gives; null for most.</summary>
    public Tensor? UpdateBias { get; init; }

    /// <summary>s</summary>
    public required double Scaling { get; init; }

    /// <summary>Share of the input that is dropped in training.</summary>
    public double Dropout { get; set; }

    /// <summary>Whether <see cref="Dropout"/> is at work.</summary>
    public bool IsTraining { get; set; }

    public bool IsDora => lora_magnitude_vector is not null;

    /// <summary>Its input or its output is not that of its neighbours, so it cannot be computed in one product with them.</summary>
    public bool StandsAlone => (IsTraining && Dropout > 0) || UpdateBias is not null;

    /// <summary>The formula above, as it is written; <see cref="LowRankProduct"/> gives the same faster.</summary>
    public Tensor Forward(Tensor x, Tensor W0, Tensor? b)
    {
        var dropped = IsTraining && Dropout > 0 ? nn.functional.dropout(x, Dropout, training: true) : x;
        var update = Scaled(nn.functional.linear(nn.functional.linear(dropped, lora_A.to_type(x.dtype)), lora_B.to_type(x.dtype), UpdateBias?.to_type(x.dtype)));
        if (!IsDora) return nn.functional.linear(x, W0, b) + update;

        var scale = RowScale(W0)!.to_type(x.dtype);
        if (ReferenceEquals(dropped, x)) return AddBias(scale * (nn.functional.linear(x, W0) + update), b);
        // As PEFT does: the part that DoRA changes sees the dropped input, the base sees the whole one.
        return nn.functional.linear(x, W0, b) + (scale - 1) * nn.functional.linear(dropped, W0) + scale * update;
    }

    /// <summary>[out]: m / ‖W0 + s B A‖, of which only m is differentiated.</summary>
    public Tensor? RowScale(Tensor W0)
    {
        if (lora_magnitude_vector is null) return null;
        using var scope = NewDisposeScope();
        return (lora_magnitude_vector / NormOfChanged(W0)).MoveToOuterDisposeScope();
    }

    /// <summary>W: the matrix that does what base and adapter do together.</summary>
    public Tensor Merged(Tensor W0)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var W = Change(W0.to_type(ScalarType.Float32));
        if (RowScale(W0) is { } scale) W = W * scale.unsqueeze(1);
        return W.to_type(W0.dtype, copy: true).MoveToOuterDisposeScope();
    }

    private Tensor NormOfChanged(Tensor W0)
    {
        using var grad = no_grad();
        return RowNorms(Change(W0.to_type(ScalarType.Float32)));
    }

    /// <summary>[out]: the length of each row.</summary>
    public static Tensor RowNorms(Tensor W) => W.square().sum(1).sqrt_();

    private Tensor Change(Tensor W0) => W0.addmm(lora_B, lora_A, 1, (float)Scaling);

    private Tensor Scaled(Tensor update)
    {
        using var s = Scaling.ToScalar();
        return update.mul(s);
    }

    private static Tensor AddBias(Tensor y, Tensor? b) => b is null ? y : y + b;
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>
/// Everything that is trained, as one vector: each parameter, and each gradient, is a view of a stretch of it. So clipping, the optimiser and zeroing are a
/// handful of operations, not a handful for each of some hundred tensors. 32-bit floats.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Stretches begin at whole cache lines; the gaps stay 0.</summary>
    private const long Alignment = 16;

    private readonly Dictionary<string, Parameter> byName = new(StringComparer.Ordinal);

    /// <param name="initial">Copied.</param>
    public FlatParameters(IReadOnlyList<(string Name, Tensor Values)> initial)
    {
        using var grad = no_grad();
        long length = 0;
        List<long> starts = [];
        foreach (var (_, values) in initial)
        {
            starts.Add(length);
            length += (values.numel() + Alignment - 1) / Alignment * Alignment;
        }

        Values = zeros(Math.Max(length, 1)).DetachFromDisposeScope();
        Gradient = zeros_like(Values).DetachFromDisposeScope();
        Names = [.. initial.Select(pair => pair.Name)];
        for (var i = 0; i < initial.Count; i++)
        {
            using var scope = NewDisposeScope();
            var (name, values) = initial[i];
            var view = Values.narrow(0, starts[i], values.numel()).view(values.shape);
            view.copy_(values);
            var parameter = new Parameter(view, requires_grad: true);
            parameter.grad = Gradient.narrow(0, starts[i], values.numel()).view(values.shape);
            parameter.DetachFromDisposeScope();
            byName.Add(name, parameter);
        }
    }

    /// <summary>All parameters behind one another.</summary>
    public Tensor Values { get; }

    /// <summary>The same of their gradients: the way back adds to it until <see cref="ZeroGradient"/>.</summary>
    public Tensor Gradient { get; }

    /// <summary>In the order in which the parameters were given.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Number of trained values.</summary>
    public long Count => byName.Values.Sum(parameter => parameter.numel());

    public Parameter this[string name] => byName[name];

    public void ZeroGradient()
    {
        using var scope = NewDisposeScope(); // torch's in-place operations return another handle of the same tensor
        Gradient.zero_();
    }

    /// <summary>Of all parameters together, as a training's log shows it.</summary>
    public double Norm() => NormOf(Values);

    /// <summary>Divides the gradient, such as by a step's label tokens, and scales it down to a norm (0: never) as torch's clip_grad_norm_ does.</summary>
    /// <returns>The norm before clipping.</returns>
    public double FinishGradient(double divisor, double clipNorm)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (divisor != 1)
        {
            using var d = (1 / divisor).ToScalar();
            Gradient.mul_(d);
        }

        var norm = NormOf(Gradient);
        if (clipNorm > 0 && clipNorm / (norm + 1e-6) is < 1 and var factor)
        {
            using var f = factor.ToScalar();
            Gradient.mul_(f);
        }

        return norm;
    }

    public void Dispose()
    {
        foreach (var parameter in byName.Values) parameter.Dispose();
        Values.Dispose();
        Gradient.Dispose();
    }

    private static double NormOf(Tensor vector)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return Math.Sqrt(vector.dot(vector).item<float>());
    }
}

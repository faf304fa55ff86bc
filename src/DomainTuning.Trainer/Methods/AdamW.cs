using DomainTuning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>
/// AdamW (arXiv 1711.05101, algorithm 2) on one vector, in the order of torch's own: decay, moments, then p -= lr · m̂ / (√v̂ + ε).
/// What a resume needs is <see cref="First"/>, <see cref="Second"/> and <see cref="Steps"/>.
/// </summary>
internal sealed class AdamW(FlatParameters parameters, OptimiserRecipe recipe) : IDisposable
{
    /// <summary>m, the mean of gradients.</summary>
    public Tensor First { get; } = zeros_like(parameters.Values).DetachFromDisposeScope();

    /// <summary>v, the mean of their squares.</summary>
    public Tensor Second { get; } = zeros_like(parameters.Values).DetachFromDisposeScope();

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    public void Step(double learningRate)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (p, g) = (parameters.Values, parameters.Gradient);
        Steps++;
        if (recipe.WeightDecay != 0) p.mul_(Scalar(1 - learningRate * recipe.WeightDecay));
        First.mul_(Scalar(recipe.Beta1)).add_(g, Scalar(1 - recipe.Beta1));
        Second.mul_(Scalar(recipe.Beta2)).addcmul_(g, g, Scalar(1 - recipe.Beta2));
        var root = Second.sqrt().div_(Scalar(Math.Sqrt(1 - Math.Pow(recipe.Beta2, Steps)))).add_(Scalar(recipe.Epsilon));
        p.addcdiv_(First, root, Scalar(-learningRate / (1 - Math.Pow(recipe.Beta1, Steps))));
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }

    private static Scalar Scalar(double value) => value.ToScalar();
}

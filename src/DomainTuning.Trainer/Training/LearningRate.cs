using DomainTuning.Training;

namespace DomainTuning.Trainer.Training;

/// <summary>
/// The learning rate of each step: up from 0 in a straight line, then down to 0 along a cosine or a line, or level; step for step the schedules of
/// transformers. Where minutes end a training before its steps do, the way down follows the clock.
/// </summary>
internal sealed class LearningRate(OptimiserRecipe recipe, int steps)
{
    private readonly int warmUp = (int)Math.Ceiling(recipe.WarmUp * steps);

    /// <param name="step">From 0.</param>
    /// <param name="timeShare">Share of the time that is over, from 0 to 1; 0 where there is no limit.</param>
    public double At(int step, double timeShare = 0)
    {
        var place = Math.Max(step, timeShare * steps);
        if (place < warmUp) return recipe.LearningRate * place / warmUp;
        var share = steps == warmUp ? 0 : Math.Min(1, (place - warmUp) / (steps - warmUp));
        return recipe.LearningRate * recipe.Decay switch
        {
            "cosine" => (1 + Math.Cos(Math.PI * share)) / 2,
            "linear" => 1 - share,
            _ => 1,
        };
    }
}

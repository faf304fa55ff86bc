namespace DomainTuning.Trainer.Training;

/// <summary>Where a training stands, apart from its tensors.</summary>
internal sealed record TrainingState
{
    /// <summary>SHA-256 over recipe, examples and base: a state of other ones is not gone on with.</summary>
    public required string Identity { get; init; }

    /// <summary>Optimiser steps that are done.</summary>
    public int Step { get; init; }

    /// <summary>Nothing is left but to write the adapter.</summary>
    public bool Ended { get; init; }

    /// <summary>The step whose weights had the best validation perplexity; null before the first measurement.</summary>
    public int? BestStep { get; init; }

    public double? BestPerplexity { get; init; }

    /// <summary>The step that was measured last.</summary>
    public int MeasuredStep { get; init; }

    /// <summary>Measurements since <see cref="BestStep"/>.</summary>
    public int Unimproved { get; init; }

    /// <summary>Of the held-out answers under the base.</summary>
    public double? PerplexityBefore { get; init; }

    /// <summary>Of the general text under the base; null without one.</summary>
    public double? GeneralBefore { get; init; }

    public long TokensSeen { get; init; }

    /// <summary>Time in this and earlier processes.</summary>
    public double Seconds { get; init; }
}

/// <summary>All that a resume needs.</summary>
/// <param name="Best">Weights of <see cref="TrainingState.BestStep"/>; empty before the first measurement.</param>
internal sealed record Checkpoint(TrainingState State, IReadOnlyList<LearnerTensor> Weights, IReadOnlyList<LearnerTensor> Moments, IReadOnlyList<LearnerTensor> Best);

using DomainTuning.Training;

namespace DomainTuning.Tuning.Runs;

/// <summary>Writes a run's train.jsonl and validation.jsonl: made from a corpus, or copied.</summary>
public delegate Task ExampleWriting(TrainingFolder folder, TrainingRecipe recipe, CancellationToken cancellationToken);

/// <summary>A training that is asked for.</summary>
public sealed record TrainingRequest
{
    /// <summary>As the user gave it; what it leaves open is taken from the workspace's settings.</summary>
    public required TrainingRecipe Recipe { get; init; }

    /// <summary>The corpus' name.</summary>
    public required string Corpus { get; init; }

    public required ExampleWriting Examples { get; init; }

    /// <summary>The corpus' folder, under whose adapters/ the adapter goes. Default null: into the workspace's own.</summary>
    public string? IntoCorpus { get; init; }
}

namespace DomainTuning.Training;

/// <summary>What a trainer's process is told apart from the recipe: job.json in the run's folder, in snake case.</summary>
public sealed record TrainingJob
{
    /// <summary>The base model: a GGUF file or a folder with safetensors.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The base model's id in the library.</summary>
    public required string BaseModel { get; init; }

    /// <summary>The corpus that the examples come from; null where nobody said.</summary>
    public string? Corpus { get; init; }

    /// <summary>Where the adapter goes when it has been checked: a folder that serving looks through.</summary>
    public required string PublishTo { get; init; }

    /// <summary>Lower-case hex SHA-256 of the checkpoint as it is served. A trainer that finds another one stops.</summary>
    public required string BaseSha256 { get; init; }

    /// <summary>Of the chat template that serving writes prompts with.</summary>
    public required string TemplateSha256 { get; init; }

    /// <summary>The fingerprint of the tokenizer that serving cuts text with.</summary>
    public required string TokenizerSha256 { get; init; }

    /// <summary>Threads of the training. Default 0: one for each processor that the process may use.</summary>
    public int Threads { get; init; }
}

namespace DomainTuning.Answering;

/// <summary>
/// How a model draws the sentences of an answer; what is null is left to the model. It goes to the model alone: the search, the quotes and the rewriting
/// of a follow-up question are the same under any sampling.
/// </summary>
public sealed record AnswerSampling
{
    public float? TopP { get; init; }

    public int? TopK { get; init; }

    public float? MinP { get; init; }

    public float? RepetitionPenalty { get; init; }

    public float? FrequencyPenalty { get; init; }

    public float? PresencePenalty { get; init; }

    public long? Seed { get; init; }

    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>By the names under which Semantic Kernel's settings carry them to a chat client.</summary>
    internal IEnumerable<(string Name, object? Value)> Settings() =>
    [
        ("top_p", TopP), ("top_k", TopK), ("min_p", MinP), ("repetition_penalty", RepetitionPenalty), ("frequency_penalty", FrequencyPenalty),
        ("presence_penalty", PresencePenalty), ("seed", Seed), ("stop_sequences", StopSequences.Count == 0 ? null : StopSequences.ToList()),
    ];
}

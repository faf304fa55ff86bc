using DomainTuning.Retrieval;

namespace DomainTuning.Answering;

/// <summary>Tokens that the language model read and wrote; zero for an extractive answer.</summary>
/// <param name="CachedTokens">Those of the prompt that had been read before and were not read again.</param>
public sealed record AnswerUsage(int PromptTokens, int CompletionTokens, int CachedTokens = 0);

/// <summary>Where the time went.</summary>
public sealed record AnswerTimings(TimeSpan Retrieval, TimeSpan Quoting, TimeSpan Generation, TimeSpan Total);

/// <summary>
/// What came of a question: a text that leads with its best quote, and the quotes it stands on; or the statement that the documents do not say,
/// which is a value and not an error.
/// </summary>
public sealed record Answer
{
    public required string Text { get; init; }

    /// <summary>True when evidence or verification was too weak. <see cref="Text"/> then says so, and <see cref="Citations"/> is empty.</summary>
    public bool NotInDocuments { get; init; }

    public IReadOnlyList<Citation> Citations { get; init; } = [];

    /// <summary>The question as it was searched for: a follow-up made standalone, otherwise as asked.</summary>
    public required string SearchedQuestion { get; init; }

    /// <summary>What was retrieved, in order.</summary>
    public IReadOnlyList<RankedChunk> Passages { get; init; } = [];

    /// <summary>How much speaks for the documents holding an answer at all.</summary>
    public Evidence? Evidence { get; init; }

    /// <summary>How sure the model was of its short answer, 0 to 1; null where it was not asked for one.</summary>
    public double? Probability { get; init; }

    /// <summary>How likely the model held it that the passages do not answer, 0 to 1; null where it was not asked.</summary>
    public double? RefusalProbability { get; init; }

    /// <summary>Sentences of the model that no quote supported.</summary>
    public int DroppedSentences { get; init; }

    /// <summary>Quotes that were not found verbatim on their page.</summary>
    public int DroppedCitations { get; init; }

    public AnswerUsage Usage { get; init; } = new(0, 0);

    public required AnswerTimings Timings { get; init; }
}

/// <summary>A step of a streamed answer. Exactly one of the members is set; <see cref="Final"/> comes last.</summary>
public sealed record AnswerUpdate
{
    /// <summary>Text to append to what is shown.</summary>
    public string? Text { get; init; }

    /// <summary>What was retrieved, before any text.</summary>
    public IReadOnlyList<RankedChunk>? Passages { get; init; }

    /// <summary>A citation that the text so far refers to.</summary>
    public Citation? Citation { get; init; }

    public Answer? Final { get; init; }
}

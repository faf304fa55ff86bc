using DomainTuning.Evaluator.Measures.Answers;

namespace DomainTuning.Evaluator.Arms;

/// <summary>A passage that an arm read, as a report shows it.</summary>
/// <param name="Document">Path inside the corpus.</param>
/// <param name="FirstPage">Physical, from 1.</param>
public sealed record ReadPassage(string Chunk, string Document, int FirstPage, int LastPage, double Score, string Text);

/// <summary>Seconds that one answer took. While several are written at once, each waits for the others.</summary>
/// <param name="Retrieval">Search, and reranking where there is any.</param>
/// <param name="FirstToken">From the question to the first text; null when nothing was written.</param>
public sealed record AnswerSeconds(double Retrieval, double? FirstToken, double Total);

/// <summary>What one arm said to one question.</summary>
public sealed record ArmAnswer
{
    public required string Text { get; init; }

    /// <summary>It says that it cannot answer.</summary>
    public required bool Refused { get; init; }

    public IReadOnlyList<ReadPassage> Passages { get; init; } = [];

    public IReadOnlyList<CitedPage> Citations { get; init; } = [];

    /// <summary>0 to 1, for the risk–coverage curve; null for an arm that reads nothing.</summary>
    public double? Confidence { get; init; }

    public int DroppedSentences { get; init; }

    public int DroppedCitations { get; init; }

    public int PromptTokens { get; init; }

    public int CompletionTokens { get; init; }

    public required AnswerSeconds Seconds { get; init; }
}

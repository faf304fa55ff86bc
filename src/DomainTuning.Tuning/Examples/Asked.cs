using DomainTuning.Chunks;
using DomainTuning.Corpora;

namespace DomainTuning.Tuning.Examples;

/// <summary>A question with what answers it, before passages are put beside it.</summary>
internal sealed record Asked
{
    public required string Id { get; init; }

    public required string Text { get; init; }

    /// <summary>Accepted answers, best first; none when the documents do not answer.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>As in <see cref="Training.TrainingExample.Kind"/>.</summary>
    public required string Kind { get; init; }

    public required SectionName Section { get; init; }

    /// <summary>Chunks that answer, best first.</summary>
    public IReadOnlyList<Chunk> Right { get; init; } = [];

    /// <summary>Where the answer stands; the first one is an example's source.</summary>
    public IReadOnlyList<QuestionEvidence> Evidence { get; init; } = [];

    public bool IsAnswerable => Answers.Count > 0;
}

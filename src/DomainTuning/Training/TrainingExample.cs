namespace DomainTuning.Training;

/// <summary>A message of an example, as a chat template takes it.</summary>
/// <param name="Role">system, user or assistant.</param>
public sealed record ExampleMessage(string Role, string Content);

/// <summary>Where an example comes from: words that stand on a page.</summary>
/// <param name="Document">Path inside the corpus.</param>
/// <param name="Page">Physical page, from 1.</param>
/// <param name="Chunk">The chunk's id.</param>
/// <param name="Quote">Verbatim.</param>
public sealed record ExampleSource(string Document, int Page, string? Chunk, string? Quote);

/// <summary>
/// One thing that a model is trained on: a conversation whose last message is the assistant's. Only what the assistant says there carries loss, the
/// token that ends its turn included. One line of train.jsonl, in camel case.
/// </summary>
public sealed record TrainingExample
{
    /// <summary>Unique within its file.</summary>
    public required string Id { get; init; }

    public required IReadOnlyList<ExampleMessage> Messages { get; init; }

    /// <summary>How it was made: "question", "heading", "table", "option", "definition", "step", "chat-model", "hand".</summary>
    public required string Kind { get; init; }

    /// <summary>The document section that it was made from; null for what was written by hand. Sections belong to one split.</summary>
    public string? Section { get; init; }

    /// <summary>Null where the answer is that the documents do not say it, or where nobody knows.</summary>
    public ExampleSource? Source { get; init; }
}

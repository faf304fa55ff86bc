using DomainTuning.Documents;

namespace DomainTuning.Indexing;

/// <summary>Which chunks a search may return. Empty lists do not filter; values within a list are alternatives, the two lists must both hold.</summary>
public sealed record ChunkFilter
{
    public static ChunkFilter None { get; } = new();

    public IReadOnlyList<DocumentId> Documents { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool IsEmpty => Documents.Count == 0 && Tags.Count == 0;
}

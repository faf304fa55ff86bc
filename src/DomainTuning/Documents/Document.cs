namespace DomainTuning.Documents;

/// <summary>A file as a reader sees it: pages of blocks.</summary>
public sealed record Document
{
    public required DocumentId Id { get; init; }

    /// <summary>Path inside the corpus, with slashes. Unique within it; citations show it.</summary>
    public required string Path { get; init; }

    /// <summary>From the document's own data (PDF title, first heading); the file name without extension otherwise.</summary>
    public required string Title { get; init; }

    /// <summary>Lower-case hex SHA-256 of the file's bytes.</summary>
    public required string Sha256 { get; init; }

    public IReadOnlyList<Page> Pages { get; init; } = [];
}

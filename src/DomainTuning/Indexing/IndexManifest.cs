using DomainTuning.Chunks;
using DomainTuning.Embeddings;

namespace DomainTuning.Indexing;

/// <summary>What an index was built with. It is written once, at creation, and opening with anything else fails with the remedy.</summary>
public sealed record IndexManifest
{
    /// <summary>Raised when the layout changes; older indexes are migrated or refused by name.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>The corpus' name; part of every <see cref="ChunkId"/>.</summary>
    public required string Corpus { get; init; }

    public required EmbedderIdentity Embedder { get; init; }

    public required ChunkingOptions Chunking { get; init; }
}

/// <summary>An index cannot be used as asked: another embedder, another format, a damaged file, in use. The message says what to do.</summary>
public sealed class IndexException : Exception
{
    public IndexException(string message)
        : base(message)
    {
    }

    public IndexException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

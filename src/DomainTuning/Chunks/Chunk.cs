using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>The part of a chunk that one block gave: its range in <see cref="Chunk.Text"/>, and where it stands.</summary>
/// <param name="Page">Physical page, from 1.</param>
/// <param name="Start">First UTF-16 unit in the chunk's text.</param>
/// <param name="Length">UTF-16 units.</param>
/// <param name="Box">Bounding box of the lines that it covers.</param>
public sealed record ChunkPart(int Page, int Start, int Length, Box Box);

/// <summary>What is embedded, indexed and retrieved: a run of blocks under one heading, small enough for the embedder.</summary>
public sealed record Chunk
{
    public required ChunkId Id { get; init; }

    public required DocumentId DocumentId { get; init; }

    /// <summary>Place among the document's chunks, from 0. Neighbours have neighbouring positions.</summary>
    public required int Position { get; init; }

    /// <summary>The blocks' texts, verbatim, joined by blank lines. Headings above are not in it: see <see cref="HeadingPath"/>.</summary>
    public required string Text { get; init; }

    /// <summary>The headings above, outermost first.</summary>
    public IReadOnlyList<string> HeadingPath { get; init; } = [];

    /// <summary>Covers the text in order; a part never spans pages.</summary>
    public required IReadOnlyList<ChunkPart> Parts { get; init; }

    /// <summary>Length of <see cref="EmbeddedText"/> in the embedder's own tokens, without special tokens and prefix.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Set by the user at ingestion; searches filter by them.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public int FirstPage => Parts[0].Page;

    public int LastPage => Parts[^1].Page;

    /// <summary>What is embedded and indexed for words: the heading path, then the text.</summary>
    public string EmbeddedText => HeadingPath.Count == 0 ? Text : $"{string.Join(" > ", HeadingPath)}\n{Text}";
}

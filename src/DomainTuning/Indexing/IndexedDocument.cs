using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Indexing;

/// <summary>A document as the index knows it, without its text.</summary>
/// <param name="Path">Path inside the corpus; unique: storing another version under the same path replaces the older one.</param>
/// <param name="Note">What the reader has to say about it ("3 pages need OCR"), null when all is well.</param>
public sealed record IndexedDocument(
    DocumentId Id, string Path, string Title, string Sha256, int Pages, int Chunks, IReadOnlyList<string> Tags, DateTimeOffset IngestedAt, string? Note = null);

/// <summary>A chunk with its vector, ready to be stored.</summary>
public sealed record EmbeddedChunk(Chunk Chunk, ReadOnlyMemory<float> Vector);

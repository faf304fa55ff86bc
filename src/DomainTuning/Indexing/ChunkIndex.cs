using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Indexing;

/// <summary>A chunk found by one kind of search. Higher scores are better; scores of different kinds do not compare.</summary>
public readonly record struct ScoredChunk(Chunk Chunk, double Score);

/// <summary>
/// Where a corpus lives once it is ingested: documents, page texts, chunks, words and vectors. The one truth that answering, training and
/// evaluation read. Every write is atomic by document: a reader sees a document whole or not at all, also after a kill or a full disk.
/// Rankings are ordered by score, ties by chunk id. Safe for concurrent use within a process.
/// </summary>
public abstract class ChunkIndex : IAsyncDisposable
{
    public abstract IndexManifest Manifest { get; }

    /// <summary>Stores a document with its pages and chunks; whatever stood under the same path is replaced in the same transaction.</summary>
    public abstract Task StoreAsync(
        IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken = default);

    /// <returns>False when there was no such document.</returns>
    public abstract Task<bool> DeleteAsync(DocumentId document, CancellationToken cancellationToken = default);

    /// <summary>All documents, by path (ordinal).</summary>
    public abstract Task<IReadOnlyList<IndexedDocument>> DocumentsAsync(CancellationToken cancellationToken = default);

    /// <summary>The page's text, or null when there is no such page.</summary>
    public abstract Task<PageText?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken = default);

    /// <summary>The chunks with these ids, in the order of the ids; unknown ids are left out.</summary>
    public abstract Task<IReadOnlyList<Chunk>> ChunksAsync(IReadOnlyList<ChunkId> ids, CancellationToken cancellationToken = default);

    /// <summary>A document's chunks from one position to another (both included), for neighbours.</summary>
    public abstract Task<IReadOnlyList<Chunk>> ChunksAsync(DocumentId document, int firstPosition, int lastPosition, CancellationToken cancellationToken = default);

    /// <summary>Every chunk that passes the filter with its vector, by document path and position.</summary>
    public abstract IAsyncEnumerable<EmbeddedChunk> ScrollAsync(ChunkFilter filter, CancellationToken cancellationToken = default);

    public abstract Task<int> CountAsync(ChunkFilter filter, CancellationToken cancellationToken = default);

    /// <summary>The nearest chunks by cosine.</summary>
    /// <param name="vector">A unit vector of the manifest's embedder.</param>
    /// <param name="limit">At most this many.</param>
    public abstract Task<IReadOnlyList<ScoredChunk>> SearchDenseAsync(
        ReadOnlyMemory<float> vector, int limit, ChunkFilter filter, CancellationToken cancellationToken = default);

    /// <summary>The best chunks by BM25 over heading path and text. Any text is a valid query; one without a known word finds nothing.</summary>
    public abstract Task<IReadOnlyList<ScoredChunk>> SearchLexicalAsync(
        string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Both searches with one limit. A store that pays for every call answers them in one.</summary>
    public virtual async Task<(IReadOnlyList<ScoredChunk> Dense, IReadOnlyList<ScoredChunk> Lexical)> SearchAsync(
        ReadOnlyMemory<float> vector, string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        var dense = SearchDenseAsync(vector, limit, filter, cancellationToken);
        var lexical = SearchLexicalAsync(query, limit, filter, cancellationToken);
        await Task.WhenAll(dense, lexical).ConfigureAwait(false);
        return (await dense.ConfigureAwait(false), await lexical.ConfigureAwait(false));
    }

    public abstract ValueTask DisposeAsync();
}

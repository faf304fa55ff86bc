using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests;

/// <summary>The tiny embedder, with something done before each call.</summary>
internal sealed class WatchedEmbedder(Func<int, Task> beforeCall) : Embedder
{
    private readonly HashEmbedder inner = new();

    public int Calls { get; private set; }

    public override EmbedderIdentity Identity => inner.Identity;

    public override int CountTokens(string text) => inner.CountTokens(text);

    public override async Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        await beforeCall(Calls++);
        return await inner.EmbedPassagesAsync(texts, cancellationToken);
    }

    public override Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default) => inner.EmbedQueryAsync(text, cancellationToken);
}

/// <summary>A reader of ".sealed" files that does what the test says.</summary>
internal sealed class ScriptedReader(Func<SourceFile, CancellationToken, Task<ReadResult>> read) : DocumentReader
{
    public override IReadOnlyList<string> Extensions { get; } = [".sealed"];

    public override Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken) => read(file, cancellationToken);

    public static ReadResult Page(SourceFile file, string text) => new(ReadStatus.Ok, new Document
    {
        Id = file.DocumentId,
        Path = file.RelativePath,
        Title = "t",
        Sha256 = file.Sha256,
        Pages = [new Page { Number = 1, Blocks = [new Block { Kind = BlockKind.Paragraph, Page = 1, Text = text }] }],
    });
}

/// <summary>An index on a disk that is full from the given document on.</summary>
internal sealed class FullDiskIndex(ChunkIndex inner, int documentsThatFit) : ChunkIndex
{
    private int stored;

    public override IndexManifest Manifest => inner.Manifest;

    public override Task StoreAsync(IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken = default) =>
        ++stored > documentsThatFit ? throw new IndexException("The disk is full. Free some space and run the same command again.")
        : inner.StoreAsync(document, pages, chunks, cancellationToken);

    public override Task<bool> DeleteAsync(DocumentId document, CancellationToken cancellationToken = default) => inner.DeleteAsync(document, cancellationToken);

    public override Task<IReadOnlyList<IndexedDocument>> DocumentsAsync(CancellationToken cancellationToken = default) => inner.DocumentsAsync(cancellationToken);

    public override Task<PageText?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken = default) => inner.PageAsync(document, page, cancellationToken);

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(IReadOnlyList<ChunkId> ids, CancellationToken cancellationToken = default) => inner.ChunksAsync(ids, cancellationToken);

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(DocumentId document, int firstPosition, int lastPosition, CancellationToken cancellationToken = default) =>
        inner.ChunksAsync(document, firstPosition, lastPosition, cancellationToken);

    public override IAsyncEnumerable<EmbeddedChunk> ScrollAsync(ChunkFilter filter, CancellationToken cancellationToken = default) => inner.ScrollAsync(filter, cancellationToken);

    public override Task<int> CountAsync(ChunkFilter filter, CancellationToken cancellationToken = default) => inner.CountAsync(filter, cancellationToken);

    public override Task<IReadOnlyList<ScoredChunk>> SearchDenseAsync(ReadOnlyMemory<float> vector, int limit, ChunkFilter filter, CancellationToken cancellationToken = default) =>
        inner.SearchDenseAsync(vector, limit, filter, cancellationToken);

    public override Task<IReadOnlyList<ScoredChunk>> SearchLexicalAsync(string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default) =>
        inner.SearchLexicalAsync(query, limit, filter, cancellationToken);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}

using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Stores.Qdrant;

namespace DomainTuning.Stores;

/// <summary>A Qdrant server: a collection a corpus, or a single named one.</summary>
internal sealed class QdrantServer(QdrantOptions options, string? only) : IndexPlace
{
    public override string Name(string corpus) => QdrantChunkIndex.NameOf(options, Collection(corpus));

    public override async Task<IReadOnlyList<string>> CorporaAsync(CancellationToken cancellationToken = default)
    {
        if (only is not null) return [only];
        using var collections = new QdrantCollections(options);
        return await collections.ListAsync(cancellationToken).ConfigureAwait(false);
    }

    public override Task<IndexManifest?> ReadManifestAsync(string corpus, CancellationToken cancellationToken = default) =>
        QdrantChunkIndex.ReadManifestAsync(options, Collection(corpus), cancellationToken);

    public override async Task<ChunkIndex> OpenAsync(string corpus, EmbedderIdentity expected, CancellationToken cancellationToken = default) =>
        await QdrantChunkIndex.OpenAsync(options, Collection(corpus), expected, cancellationToken).ConfigureAwait(false);

    public override async Task<ChunkIndex> OpenForWritingAsync(IndexManifest expected, CancellationToken cancellationToken = default) =>
        await QdrantChunkIndex.OpenForWritingAsync(options, Collection(expected.Corpus), expected, cancellationToken).ConfigureAwait(false);

    public override async Task<ChunkIndex> RebuildAsync(IndexManifest manifest, CancellationToken cancellationToken = default) =>
        await QdrantChunkIndex.RebuildAsync(options, Collection(manifest.Corpus), manifest, cancellationToken).ConfigureAwait(false);

    public override Task<IReadOnlyList<string>> CheckAsync(string corpus, CancellationToken cancellationToken = default) =>
        QdrantChunkIndex.CheckAsync(options, Collection(corpus), cancellationToken);

    public override async Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(string corpus, CancellationToken cancellationToken = default)
    {
        using var collections = new QdrantCollections(options);
        return [("store", "a Qdrant server"), ("collection", Name(corpus)), .. await collections.DescribeAsync(Collection(corpus), cancellationToken).ConfigureAwait(false)];
    }

    public override async Task<IndexCopy> CopyAsync(string corpus, CancellationToken cancellationToken = default)
    {
        using var collections = new QdrantCollections(options);
        return ToCopy(await collections.CreateSnapshotAsync(Collection(corpus), cancellationToken).ConfigureAwait(false));
    }

    public override async Task<IReadOnlyList<IndexCopy>> CopiesAsync(string corpus, CancellationToken cancellationToken = default)
    {
        using var collections = new QdrantCollections(options);
        return [.. (await collections.SnapshotsAsync(Collection(corpus), cancellationToken).ConfigureAwait(false)).OrderBy(snapshot => snapshot.Created).Select(ToCopy)];
    }

    public override async Task RestoreAsync(string corpus, string copy, CancellationToken cancellationToken = default)
    {
        using var collections = new QdrantCollections(options);
        await collections.RestoreSnapshotAsync(Collection(corpus), copy, cancellationToken).ConfigureAwait(false);
    }

    public override async Task NameAsync(string corpus, string name, CancellationToken cancellationToken = default)
    {
        using var collections = new QdrantCollections(options);
        await collections.PointAliasAsync(name, Collection(corpus), cancellationToken).ConfigureAwait(false);
    }

    private string Collection(string corpus) => only ?? corpus;

    private static IndexCopy ToCopy(QdrantSnapshot snapshot) => new(snapshot.Name, snapshot.Created, snapshot.Bytes);
}

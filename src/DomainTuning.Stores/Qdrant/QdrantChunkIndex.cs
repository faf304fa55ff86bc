using System.Runtime.CompilerServices;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Google.Protobuf.Collections;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// An index on a Qdrant server or cluster. One process writes; any number read meanwhile, on any machine, and see each document as soon as it is stored: whole or
/// not at all (<see cref="IndexState"/> says how). Dense searches are approximate once the server has built its graph; word scores are exact on one shard, up to
/// replaced versions that the server has not yet cleaned away. Thread-safe.
/// </summary>
public sealed partial class QdrantChunkIndex : ChunkIndex
{
    /// <summary>A writer deletes points at most every few dozen documents, so two looks suffice; more would be a writer gone wild.</summary>
    private const int MostLooks = 20;

    private readonly QdrantConnection connection;
    private readonly string collection;
    private readonly ServerLimits limits;
    private CollectionCard card;
    private volatile IndexState? latest;
    private volatile DocumentList? listed;

    private QdrantChunkIndex(QdrantConnection connection, string collection, CollectionCard card, ServerLimits limits)
    {
        this.connection = connection;
        this.collection = collection;
        this.card = card;
        this.limits = limits;
        Manifest = card.Manifest;
    }

    public override IndexManifest Manifest { get; }

    /// <summary>As it is typed after --index.</summary>
    public string Name => NameOf(connection.Options, collection);

    public override async Task<IReadOnlyList<IndexedDocument>> DocumentsAsync(CancellationToken cancellationToken = default) =>
        (await ListAsync(cancellationToken).ConfigureAwait(false)).Documents;

    public override async Task<PageText?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken = default)
    {
        var found = await ReadAsync(
            state => ScrollAsync(
                state.Visible(Payloads.PageKind, Where.Is(Payloads.DocumentField, document.Value), Where.Is(Payloads.PageField, page)), withVectors: false, "reading a page", cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return found.Count == 0 ? null : Payloads.ToPage(found[0].Payload);
    }

    public override async Task<IReadOnlyList<Chunk>> ChunksAsync(IReadOnlyList<ChunkId> ids, CancellationToken cancellationToken = default)
    {
        if (ids.Count == 0) return [];
        var found = await ReadAsync(
            state => ScrollAsync(state.Visible(Payloads.ChunkKind, Where.In(Payloads.ChunkField, ids.Select(id => id.ToString()))), withVectors: false, "reading chunks", cancellationToken),
            cancellationToken).ConfigureAwait(false);
        var byId = found.Select(point => Payloads.ToChunk(point.Payload)).ToDictionary(chunk => chunk.Id);
        return [.. ids.Where(byId.ContainsKey).Select(id => byId[id])];
    }

    public override async Task<IReadOnlyList<Chunk>> ChunksAsync(DocumentId document, int firstPosition, int lastPosition, CancellationToken cancellationToken = default)
    {
        var found = await ReadAsync(
            state => ScrollAsync(
                state.Visible(Payloads.ChunkKind, Where.Is(Payloads.DocumentField, document.Value), Where.Between(Payloads.Position, firstPosition, lastPosition)),
                withVectors: false, "reading neighbours", cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return [.. found.Select(point => Payloads.ToChunk(point.Payload)).OrderBy(chunk => chunk.Position)];
    }

    /// <summary>Each document is whole; one that is replaced meanwhile comes in its new version, one that is deleted meanwhile may be left out.</summary>
    public override async IAsyncEnumerable<EmbeddedChunk> ScrollAsync(ChunkFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var wanted = filter.Documents.Count == 0 ? null : new HashSet<DocumentId>(filter.Documents);
        var documents = (await ListAsync(cancellationToken).ConfigureAwait(false)).Stored.Where(document => document.Document.Chunks > 0 && wanted?.Contains(document.Document.Id) != false);
        foreach (var group in Groups(documents))
            foreach (var chunk in await ChunksOfAsync(group, filter, cancellationToken).ConfigureAwait(false))
                yield return chunk;
    }

    public override async Task<int> CountAsync(ChunkFilter filter, CancellationToken cancellationToken = default) => (int)await ReadAsync(
        async state =>
        {
            var count = new CountPoints { CollectionName = collection, Exact = true, Filter = state.Visible(Payloads.ChunkKind, Where.Passes(filter)), ReadConsistency = connection.Reading };
            return (await connection.CallAsync("counting", call => connection.Points.CountAsync(count, call), cancellationToken).ConfigureAwait(false)).Result.Count;
        },
        cancellationToken).ConfigureAwait(false);

    internal static string NameOf(QdrantOptions options, string collection) => $"qdrant:{options.Address.GetLeftPart(UriPartial.Authority)}/{collection}";

    /// <summary>Runs of documents with about a page of chunks together, so that many small documents cost few calls.</summary>
    private IEnumerable<List<StoredDocument>> Groups(IEnumerable<StoredDocument> documents)
    {
        var group = new List<StoredDocument>();
        var room = limits.Page;
        foreach (var document in documents)
        {
            if (group.Count > 0 && (document.Document.Chunks > room || group.Count == limits.Values))
            {
                yield return group;
                (group, room) = ([], limits.Page);
            }

            group.Add(document);
            room -= document.Document.Chunks;
        }

        if (group.Count > 0) yield return group;
    }

    private async Task<IReadOnlyList<EmbeddedChunk>> ChunksOfAsync(List<StoredDocument> group, ChunkFilter filter, CancellationToken cancellationToken)
    {
        var paths = group.Select(document => document.Document.Path).ToHashSet(StringComparer.Ordinal);
        return await ReadAsync(
            async state =>
            {
                // After a look that did not hold, the documents that now stand under the same paths.
                var current = (await ListAsync(state, cancellationToken).ConfigureAwait(false)).Stored.Where(document => paths.Contains(document.Document.Path)).ToList();
                if (current.Count == 0) return [];
                var order = current.Select((document, i) => (document.Document.Id, i)).ToDictionary();
                var tags = filter with { Documents = [] };
                var found = await ScrollAsync(
                    state.Visible(Payloads.ChunkKind, [Where.In(Payloads.DocumentField, current.Select(document => document.Document.Id.Value)), .. Where.Passes(tags)]),
                    withVectors: true, "reading chunks", cancellationToken).ConfigureAwait(false);
                return (IReadOnlyList<EmbeddedChunk>)[.. found.Select(ToEmbedded).OrderBy(chunk => order[chunk.Chunk.DocumentId]).ThenBy(chunk => chunk.Chunk.Position)];
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static EmbeddedChunk ToEmbedded(RetrievedPoint point) =>
        new(Payloads.ToChunk(point.Payload), point.Vectors.Vectors.Vectors[CollectionLayout.Dense].Dense.Data.ToArray());

    private async Task<DocumentList> ListAsync(CancellationToken cancellationToken)
    {
        var now = await StateAsync(cancellationToken).ConfigureAwait(false);
        return listed is { } list && list.State.IsSameMoment(now)
            ? list
            : await ReadAsync(state => ListAsync(state, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All documents as they count at a moment. Kept, because nothing else than the state can change it.</summary>
    private async Task<DocumentList> ListAsync(IndexState state, CancellationToken cancellationToken)
    {
        if (listed is { } known && known.State.IsSameMoment(state)) return known;
        var points = await ScrollAsync(state.Visible(Payloads.DocumentKind), withVectors: false, "listing documents", cancellationToken).ConfigureAwait(false);
        var stored = points.Select(point => Payloads.ToDocument(point.Payload)).OrderBy(document => document.Document.Path, StringComparer.Ordinal).ToList();
        return listed = new DocumentList(state, stored, [.. stored.Select(document => document.Document)]);
    }

    /// <summary>
    /// Asks at the moment that was seen last, and looks whether it still is that moment; if not, asks again at the new one. A steady index costs one more small
    /// call, and no answer is older than its question.
    /// </summary>
    private async Task<T> ReadAsync<T>(Func<IndexState, Task<T>> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var state = latest ?? await StateAsync(cancellationToken).ConfigureAwait(false);
        for (var look = 0; look < MostLooks; look++)
        {
            var result = await read(state).ConfigureAwait(false);
            var after = await StateAsync(cancellationToken).ConfigureAwait(false);
            if (after.IsSameMoment(state) || (look > 0 && after.StillHolds(state))) return result;
            state = after;
        }

        throw new IndexException($"Index '{Name}' changes faster than it can be read. Try again when its writer has ended.");
    }

    /// <summary>The state as it is now.</summary>
    /// <exception cref="IndexException">The index is gone, or was rebuilt with another embedder.</exception>
    private async Task<IndexState> StateAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var state = await ReadStateAsync(connection, collection, cancellationToken).ConfigureAwait(false)
            ?? throw new IndexException($"Index '{Name}' is not whole: its collection has no state. Re-ingest with --rebuild.");
        if (state.Birth != card.Birth)
        {
            var rebuilt = await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false)
                ?? throw new IndexException($"Index '{Name}' is gone. Run 'domaintuning ingest' again.");
            ManifestMismatch.Check(Name, rebuilt.Card.Manifest.Embedder, Manifest.Embedder);
            card = rebuilt.Card;
        }

        return latest = state;
    }

    private static async Task<IndexState?> ReadStateAsync(QdrantConnection connection, string collection, CancellationToken cancellationToken)
    {
        var get = new GetPoints { CollectionName = collection, Ids = { PointIds.State }, WithPayload = new WithPayloadSelector { Enable = true }, ReadConsistency = connection.Reading };
        var answer = await connection.CallAsync("reading the state", call => connection.Points.GetAsync(get, call), cancellationToken).ConfigureAwait(false);
        return answer.Result.Count == 0 ? null : IndexState.Read(answer.Result[0].Payload);
    }

    /// <summary>Every point that passes, in pages, by point id.</summary>
    private async Task<IReadOnlyList<RetrievedPoint>> ScrollAsync(Filter filter, bool withVectors, string doing, CancellationToken cancellationToken)
    {
        var scroll = new ScrollPoints
        {
            CollectionName = collection,
            Filter = filter,
            Limit = (uint)limits.Page,
            WithPayload = new WithPayloadSelector { Enable = true },
            WithVectors = withVectors ? new WithVectorsSelector { Include = new VectorsSelector { Names = { CollectionLayout.Dense } } } : new WithVectorsSelector { Enable = false },
            ReadConsistency = connection.Reading,
        };
        var points = new RepeatedField<RetrievedPoint>();
        while (true)
        {
            var page = await connection.CallAsync(doing, call => connection.Points.ScrollAsync(scroll, call), cancellationToken).ConfigureAwait(false);
            points.AddRange(page.Result);
            if (page.NextPageOffset is null) return points;
            scroll.Offset = page.NextPageOffset;
        }
    }

    private sealed record DocumentList(IndexState State, IReadOnlyList<StoredDocument> Stored, IReadOnlyList<IndexedDocument> Documents);
}

using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using Grpc.Core;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// Opening, creating and rebuilding. The name of an index is an alias of a numbered collection ("pumps" of "pumps.3"), set when all else of the collection is
/// there: a reader never meets a half-made one, and a rebuild switches it in one step. A plain collection of that name serves as well.
/// </summary>
public sealed partial class QdrantChunkIndex
{
    private volatile bool disposed;

    /// <summary>Opens an index to read it; a key that may only read is enough, and a writer may be at work anywhere.</summary>
    /// <exception cref="IndexException">There is none, no server, or it was built with another embedder.</exception>
    public static Task<QdrantChunkIndex> OpenAsync(QdrantOptions options, string collection, EmbedderIdentity expected, CancellationToken cancellationToken = default) => ConnectedAsync(
        options,
        async connection =>
        {
            var (card, limits) = await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false)
                ?? throw new IndexException($"There is no index at '{NameOf(options, collection)}'. Run 'domaintuning ingest <folder> --corpus {collection} --index {NameOf(options, collection)}' first.");
            ManifestMismatch.Check(NameOf(options, collection), card.Manifest.Embedder, expected);
            return new QdrantChunkIndex(connection, collection, card, limits);
        },
        cancellationToken);

    /// <summary>Opens an index to store documents in it, and creates it where there is none. What a broken run left half-written is taken out.</summary>
    /// <exception cref="IndexException">Another process writes to it, or it was built with another embedder, other chunking or for another corpus; or no server, no right.</exception>
    public static Task<QdrantChunkIndex> OpenForWritingAsync(QdrantOptions options, string collection, IndexManifest expected, CancellationToken cancellationToken = default) => ConnectedAsync(
        options,
        async connection =>
        {
            var read = await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false);
            if (read is null)
            {
                await MakeAsync(connection, collection, expected, replaced: null, cancellationToken).ConfigureAwait(false);
                read = (await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false))!;
            }

            var (card, limits) = read.Value;
            ManifestMismatch.Check(NameOf(options, collection), card.Manifest, expected);
            var index = new QdrantChunkIndex(connection, collection, card, limits);
            await index.TakeWritingAsync(cancellationToken).ConfigureAwait(false);
            return index;
        },
        cancellationToken);

    /// <summary>
    /// Opens an index to fill it from nothing: a new collection takes over the name in one step, the old one is deleted. Readers go on under the same name;
    /// those with another embedder than the new one are told. To fill the new one first and switch then, ingest under another name and use
    /// <see cref="QdrantCollections.PointAliasAsync"/>.
    /// </summary>
    /// <exception cref="IndexException">Another process writes to it, or a collection of something else has that name.</exception>
    public static Task<QdrantChunkIndex> RebuildAsync(QdrantOptions options, string collection, IndexManifest manifest, CancellationToken cancellationToken = default) => ConnectedAsync(
        options,
        async connection =>
        {
            var name = NameOf(options, collection);
            if (await ReadInfoAsync(connection, collection, cancellationToken).ConfigureAwait(false) is { } info)
            {
                if (!info.Config.Metadata.Keys.Any(key => key.StartsWith("domaintuning_", StringComparison.Ordinal))) throw NotOurs(name);
                if (await ReadStateAsync(connection, collection, cancellationToken).ConfigureAwait(false) is { } state && WriterToken.IsHeld(state)) throw BeingWritten(name, state);
                await MakeAsync(connection, collection, manifest, await TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await MakeAsync(connection, collection, manifest, replaced: null, cancellationToken).ConfigureAwait(false);
            }

            var (card, limits) = (await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false))!.Value;
            var index = new QdrantChunkIndex(connection, collection, card, limits);
            await index.TakeWritingAsync(cancellationToken).ConfigureAwait(false);
            return index;
        },
        cancellationToken);

    /// <summary>What an index was built with; null when there is none.</summary>
    /// <exception cref="IndexException">No server, no right, or the collection is no index.</exception>
    public static async Task<IndexManifest?> ReadManifestAsync(QdrantOptions options, string collection, CancellationToken cancellationToken = default)
    {
        using var connection = new QdrantConnection(options);
        await connection.CheckVersionAsync(cancellationToken).ConfigureAwait(false);
        return (await ReadCardAsync(connection, collection, cancellationToken).ConfigureAwait(false))?.Card.Manifest;
    }

    private static async Task<QdrantChunkIndex> ConnectedAsync(QdrantOptions options, Func<QdrantConnection, Task<QdrantChunkIndex>> open, CancellationToken cancellationToken)
    {
        var connection = new QdrantConnection(options);
        try
        {
            await connection.CheckVersionAsync(cancellationToken).ConfigureAwait(false);
            return await open(connection).ConfigureAwait(false);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Null when there is no such collection.</summary>
    /// <exception cref="IndexException">It is a collection of something else.</exception>
    internal static async Task<(CollectionCard Card, ServerLimits Limits)?> ReadCardAsync(QdrantConnection connection, string collection, CancellationToken cancellationToken)
    {
        if (await ReadInfoAsync(connection, collection, cancellationToken).ConfigureAwait(false) is not { } info) return null;
        var name = NameOf(connection.Options, collection);
        return (CollectionLayout.Read(info, name) ?? throw NotOurs(name), ServerLimits.Of(info, connection.Options));
    }

    /// <summary>Null when there is no such collection.</summary>
    internal static async Task<CollectionInfo?> ReadInfoAsync(QdrantConnection connection, string collection, CancellationToken cancellationToken)
    {
        try
        {
            var get = new GetCollectionInfoRequest { CollectionName = collection };
            return (await connection.CallAsync("opening", call => connection.Collections.GetAsync(get, call), cancellationToken).ConfigureAwait(false)).Result;
        }
        catch (IndexException absent) when (absent.InnerException is RpcException { StatusCode: StatusCode.NotFound })
        {
            return null;
        }
    }

    /// <summary>The collection behind an alias; the name itself where it is a collection's own.</summary>
    internal static async Task<string> TargetAsync(QdrantConnection connection, string name, CancellationToken cancellationToken)
    {
        var aliases = await connection.CallAsync("reading aliases", call => connection.Collections.ListAliasesAsync(new ListAliasesRequest(), call), cancellationToken).ConfigureAwait(false);
        return aliases.Aliases.FirstOrDefault(alias => alias.AliasName == name)?.CollectionName ?? name;
    }

    private static async Task MakeAsync(QdrantConnection connection, string name, IndexManifest manifest, string? replaced, CancellationToken cancellationToken)
    {
        if (replaced == name)
        {
            // A plain collection stands in the way of an alias of its name.
            await DropAsync(connection, name, cancellationToken).ConfigureAwait(false);
            replaced = null;
        }

        var collection = await FreeNameAsync(connection, name, replaced, cancellationToken).ConfigureAwait(false);
        var card = await CollectionLayout.CreateAsync(connection, collection, manifest, cancellationToken).ConfigureAwait(false);
        var state = new PointStruct { Id = PointIds.State, Vectors = new Vectors { Vectors_ = new NamedVectors() } };
        IndexState.New(card.Birth).Write(state.Payload);
        var upsert = new UpsertPoints { CollectionName = collection, Wait = true, Points = { state }, Ordering = connection.Writing };
        await connection.CallAsync("creating the state", call => connection.Points.UpsertAsync(upsert, call), cancellationToken).ConfigureAwait(false);
        var switching = new ChangeAliases();
        if (replaced is not null) switching.Actions.Add(new AliasOperations { DeleteAlias = new DeleteAlias { AliasName = name } });
        switching.Actions.Add(new AliasOperations { CreateAlias = new CreateAlias { AliasName = name, CollectionName = collection } });
        await connection.CallAsync("naming the collection", call => connection.Collections.UpdateAliasesAsync(switching, call), cancellationToken).ConfigureAwait(false);
        if (replaced is not null) await DropAsync(connection, replaced, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The next number. What a creation left that was cut off — numbered, of this index, without its name — is taken out.</summary>
    private static async Task<string> FreeNameAsync(QdrantConnection connection, string name, string? current, CancellationToken cancellationToken)
    {
        var collections = await connection.CallAsync("listing collections", call => connection.Collections.ListAsync(new ListCollectionsRequest(), call), cancellationToken).ConfigureAwait(false);
        var aliases = await connection.CallAsync("reading aliases", call => connection.Collections.ListAliasesAsync(new ListAliasesRequest(), call), cancellationToken).ConfigureAwait(false);
        var last = 0;
        foreach (var taken in collections.Collections.Select(collection => collection.Name))
        {
            if (!taken.StartsWith(name + ".", StringComparison.Ordinal) || !int.TryParse(taken.AsSpan(name.Length + 1), out var number)) continue;
            last = Math.Max(last, number);
            var isDebris = taken != current && aliases.Aliases.All(alias => alias.CollectionName != taken)
                && await ReadInfoAsync(connection, taken, cancellationToken).ConfigureAwait(false) is { } info && CollectionLayout.Read(info, taken) is not null
                && (info.PointsCount == 0 || await ReadStateAsync(connection, taken, cancellationToken).ConfigureAwait(false) is { Committed: 0 });
            if (isDebris) await DropAsync(connection, taken, cancellationToken).ConfigureAwait(false);
        }

        return $"{name}.{last + 1}";
    }

    private static Task<CollectionOperationResponse> DropAsync(QdrantConnection connection, string collection, CancellationToken cancellationToken) => connection.CallAsync(
        $"deleting collection '{collection}'", call => connection.Collections.DeleteAsync(new DeleteCollection { CollectionName = collection }, call), cancellationToken);

    private static IndexException NotOurs(string name) => new($"'{name}' is a Qdrant collection, but not an index of DomainTuning. Use another name.");

    private static IndexException BeingWritten(string name, IndexState state) => new(
        $"Index '{name}' is being written by {state.Writer}. Wait until it has ended, or stop it; reading goes on meanwhile. A writer that died on another machine is given up after {WriterToken.Promise.TotalSeconds:0} s.");
}

using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using DomainTuning.Indexing;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>A snapshot that lies on the server.</summary>
/// <param name="Bytes">Its size.</param>
public sealed record QdrantSnapshot(string Name, DateTimeOffset Created, long Bytes, string? Sha256);

/// <summary>What is done with a collection as a whole: names, snapshots, waiting until it is ready. Disposes its own connection.</summary>
public sealed class QdrantCollections : IDisposable
{
    private readonly QdrantConnection connection;

    public QdrantCollections(QdrantOptions options) => connection = new QdrantConnection(options);

    /// <summary>Names of the indexes on the server: the aliases, and plain collections of ours.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        var aliases = await connection.CallAsync("reading aliases", call => connection.Collections.ListAliasesAsync(new ListAliasesRequest(), call), cancellationToken).ConfigureAwait(false);
        var collections = await connection.CallAsync("listing collections", call => connection.Collections.ListAsync(new ListCollectionsRequest(), call), cancellationToken).ConfigureAwait(false);
        var behind = aliases.Aliases.Select(alias => alias.CollectionName).ToHashSet(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var name in aliases.Aliases.Select(alias => alias.AliasName).Concat(collections.Collections.Select(collection => collection.Name).Where(name => !behind.Contains(name))))
            if (await QdrantChunkIndex.ReadInfoAsync(connection, name, cancellationToken).ConfigureAwait(false) is { } info && CollectionLayout.Read(info, name) is not null) names.Add(name);
        return [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Lets a name stand for another collection, in one step: readers go from the old to the new without a gap. The old collection stays.</summary>
    public async Task PointAliasAsync(string alias, string collection, CancellationToken cancellationToken = default)
    {
        var target = await QdrantChunkIndex.TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false);
        var change = new ChangeAliases { Actions = { new AliasOperations { CreateAlias = new CreateAlias { AliasName = alias, CollectionName = target } } } };
        await connection.CallAsync($"naming '{target}' '{alias}'", call => connection.Collections.UpdateAliasesAsync(change, call), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes an index with its name; nothing happens where there is none.</summary>
    public async Task DeleteAsync(string collection, CancellationToken cancellationToken = default)
    {
        var delete = new DeleteCollection { CollectionName = await QdrantChunkIndex.TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false) };
        await connection.CallAsync($"deleting '{collection}'", call => connection.Collections.DeleteAsync(delete, call), cancellationToken).ConfigureAwait(false);
    }

    public async Task<QdrantSnapshot> CreateSnapshotAsync(string collection, CancellationToken cancellationToken = default)
    {
        var create = new CreateSnapshotRequest { CollectionName = await QdrantChunkIndex.TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false) };
        return ToSnapshot((await connection.CallAsync("making a snapshot", call => connection.Snapshots.CreateAsync(create, call), cancellationToken).ConfigureAwait(false)).SnapshotDescription);
    }

    public async Task<IReadOnlyList<QdrantSnapshot>> SnapshotsAsync(string collection, CancellationToken cancellationToken = default)
    {
        var list = new ListSnapshotsRequest { CollectionName = await QdrantChunkIndex.TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false) };
        var answer = await connection.CallAsync("listing snapshots", call => connection.Snapshots.ListAsync(list, call), cancellationToken).ConfigureAwait(false);
        return [.. answer.SnapshotDescriptions.Select(ToSnapshot)];
    }

    /// <summary>Puts a collection back to a snapshot of it that lies on the server. gRPC has no such call; this one goes over REST.</summary>
    public async Task RestoreSnapshotAsync(string collection, string snapshot, CancellationToken cancellationToken = default)
    {
        var target = await QdrantChunkIndex.TargetAsync(connection, collection, cancellationToken).ConfigureAwait(false);
        var options = connection.Options;
        using var http = new HttpClient { BaseAddress = options.RestAddress, Timeout = TimeSpan.FromMinutes(30) };
        if (options.ApiKey is { } key) http.DefaultRequestHeaders.Add("api-key", key);
        try
        {
            using var answer = await http.PutAsJsonAsync(
                $"/collections/{Uri.EscapeDataString(target)}/snapshots/recover?wait=true",
                new Dictionary<string, string> { ["location"] = $"file:///qdrant/snapshots/{target}/{snapshot}", ["priority"] = "snapshot" }, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
                throw new IndexException($"The Qdrant server did not restore '{snapshot}' ({(int)answer.StatusCode}): {ErrorOf(await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false))}");
        }
        catch (HttpRequestException down)
        {
            throw new IndexException($"The REST side of the Qdrant server at {options.RestAddress} does not answer, and only it can restore snapshots. Open its port, or name another with ?restPort=N.", down);
        }
    }

    /// <summary>What the server says of a collection, as names and values.</summary>
    public async Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(string collection, CancellationToken cancellationToken = default)
    {
        var info = await QdrantChunkIndex.ReadInfoAsync(connection, collection, cancellationToken).ConfigureAwait(false) ?? throw new IndexException($"There is no collection '{collection}'.");
        var invariant = CultureInfo.InvariantCulture;
        return
        [
            ("status", $"{info.Status}"),
            ("points", string.Create(invariant, $"{info.PointsCount} (chunks, pages, documents, and replaced ones that wait for their deletion)")),
            ("indexed vectors", string.Create(invariant, $"{info.IndexedVectorsCount}")),
            ("shards", string.Create(invariant, $"{info.Config.Params.ShardNumber}, {info.Config.Params.ReplicationFactor} copies each")),
        ];
    }

    /// <summary>Waits until all that was stored is searchable by the graph and nothing is queued. Searches work before, only slower.</summary>
    /// <exception cref="IndexException">The time ran out, or the server reports a fault.</exception>
    public async Task WaitUntilReadyAsync(string collection, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var seen = 0; seen < 2;)
        {
            var info = await QdrantChunkIndex.ReadInfoAsync(connection, collection, cancellationToken).ConfigureAwait(false)
                ?? throw new IndexException($"There is no collection '{collection}'.");
            if (info.OptimizerStatus is { Ok: false } failed) throw new IndexException($"The Qdrant server cannot build the graph of '{collection}': {failed.Error}");
            // Grey: waiting after a restart until something is written; it answers all the same.
            seen = info.Status is CollectionStatus.Green or CollectionStatus.Grey && (info.UpdateQueue?.Length ?? 0) == 0 ? seen + 1 : 0;
            if (seen >= 2) return;
            if (TimeProvider.System.GetElapsedTime(start) > limit) throw new IndexException($"Collection '{collection}' was not ready within {limit.TotalSeconds:0} s (status {info.Status}). It answers meanwhile, only slower.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => connection.Dispose();

    private static QdrantSnapshot ToSnapshot(SnapshotDescription snapshot) => new(
        snapshot.Name, snapshot.CreationTime?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch, snapshot.Size, snapshot.HasChecksum ? snapshot.Checksum : null);

    private static string ErrorOf(string body)
    {
        try
        {
            return JsonDocument.Parse(body).RootElement.GetProperty("status").GetProperty("error").GetString()!;
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body;
        }
    }
}

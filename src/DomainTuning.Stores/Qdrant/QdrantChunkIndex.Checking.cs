using DomainTuning.Indexing;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>The health check.</summary>
public sealed partial class QdrantChunkIndex
{
    /// <summary>Compares what the server holds with what was stored: one call over an index of the field, whatever the size. A writer may be at work.</summary>
    /// <returns>One sentence a problem; none for a healthy index.</returns>
    /// <exception cref="IndexException">There is no index, or it cannot be opened at all.</exception>
    public static async Task<IReadOnlyList<string>> CheckAsync(QdrantOptions options, string collection, CancellationToken cancellationToken = default)
    {
        var manifest = await ReadManifestAsync(options, collection, cancellationToken).ConfigureAwait(false)
            ?? throw new IndexException($"There is no index at '{NameOf(options, collection)}'. Run 'domaintuning ingest <folder>' first.");
        await using var index = await OpenAsync(options, collection, manifest.Embedder, cancellationToken).ConfigureAwait(false);
        var info = await ReadInfoAsync(index.connection, collection, cancellationToken).ConfigureAwait(false);
        var problems = new List<string>();
        if (info!.OptimizerStatus is { Ok: false } failed) problems.Add($"The server cannot build the graph: {failed.Error}. Free memory or disk on it, then write again.");
        var missing = Payloads.Indexed.Where(field => !info.PayloadSchema.ContainsKey(field.Field)).Select(field => field.Field).ToList();
        if (missing.Count > 0) problems.Add($"Fields without an index: {string.Join(", ", missing)}. Re-ingest with --rebuild.");
        var odd = await index.ReadAsync(state => index.MiscountedAsync(state, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (odd > 0) problems.Add($"{odd} documents whose number of chunks is not what was stored. Re-ingest with --rebuild.");
        return problems;
    }

    private async Task<int> MiscountedAsync(IndexState state, CancellationToken cancellationToken)
    {
        var documents = (await ListAsync(state, cancellationToken).ConfigureAwait(false)).Documents;
        var facet = new FacetCounts
        {
            CollectionName = collection, Key = Payloads.DocumentField, Exact = true, Limit = (ulong)documents.Count + 1,
            Filter = state.Visible(Payloads.ChunkKind), ReadConsistency = connection.Reading,
        };
        var counted = (await connection.CallAsync("counting chunks", call => connection.Points.FacetAsync(facet, call), cancellationToken).ConfigureAwait(false)).Hits
            .ToDictionary(hit => hit.Value.StringValue, hit => (int)hit.Count, StringComparer.Ordinal);
        return documents.Count(document => counted.GetValueOrDefault(document.Id.Value) != document.Chunks) + counted.Keys.Except(documents.Select(document => document.Id.Value)).Count();
    }
}

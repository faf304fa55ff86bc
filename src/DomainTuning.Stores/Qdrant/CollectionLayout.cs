using System.Globalization;
using System.Text.Json;
using DomainTuning.Indexing;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>What a collection was made with, kept in its metadata, so that it is there from the first moment.</summary>
/// <param name="Birth">Tells two collections apart that stood under the same name.</param>
/// <param name="AverageLength">Terms of a chunk, as all its word weights were computed with.</param>
internal sealed record CollectionCard(IndexManifest Manifest, string Birth, double AverageLength);

/// <summary>How a collection is laid out: a dense vector and word weights a chunk, pages and documents as points without vectors, and an index for every field that is filtered by.</summary>
internal static class CollectionLayout
{
    public const string Dense = "dense";
    public const string Words = "bm25";

    private const string ManifestKey = "domaintuning_manifest";
    private const string BirthKey = "domaintuning_birth";
    private const string AverageLengthKey = "domaintuning_average_length";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Creates the collection with its field indexes, which the server needs before the data to link its graph by them.</summary>
    public static async Task<CollectionCard> CreateAsync(QdrantConnection connection, string collection, IndexManifest manifest, CancellationToken cancellationToken)
    {
        var options = connection.Options;
        var card = new CollectionCard(manifest, Guid.NewGuid().ToString("N"), options.AverageLength ?? manifest.Chunking.MaxTokens * 0.4);
        var create = new CreateCollection
        {
            CollectionName = collection,
            ShardNumber = (uint)options.Shards,
            ReplicationFactor = (uint)options.Replicas,
            WriteConsistencyFactor = (uint)options.WriteConsistency,
            VectorsConfig = new VectorsConfig { ParamsMap = new VectorParamsMap { Map = { [Dense] = DenseParams(manifest.Embedder.Dimensions, options.Quantisation) } } },
            SparseVectorsConfig = new SparseVectorConfig { Map = { [Words] = new SparseVectorParams { Modifier = Modifier.Idf } } },
            Metadata =
            {
                [ManifestKey] = Payloads.Text(JsonSerializer.Serialize(manifest, Json)),
                [BirthKey] = Payloads.Text(card.Birth),
                [AverageLengthKey] = new Value { DoubleValue = card.AverageLength },
            },
        };
        await connection.CallAsync($"creating collection '{collection}'", call => connection.Collections.CreateAsync(create, call), cancellationToken).ConfigureAwait(false);
        foreach (var (field, type) in Payloads.Indexed)
        {
            var index = new CreateFieldIndexCollection { CollectionName = collection, FieldName = field, FieldType = type, Wait = true, Ordering = connection.Writing };
            await connection.CallAsync($"creating the index of '{field}'", call => connection.Points.CreateFieldIndexAsync(index, call), cancellationToken).ConfigureAwait(false);
        }

        return card;
    }

    /// <summary>Null for a collection that is not one of ours.</summary>
    /// <exception cref="IndexException">It is of another format, or its manifest cannot be read.</exception>
    public static CollectionCard? Read(CollectionInfo info, string name)
    {
        if (!info.Config.Metadata.TryGetValue(ManifestKey, out var text)) return null;
        try
        {
            var manifest = JsonSerializer.Deserialize<IndexManifest>(text.StringValue, Json)!;
            if (manifest.Format != IndexManifest.CurrentFormat)
                throw new IndexException(
                    $"Index '{name}' has format {manifest.Format.ToString(CultureInfo.InvariantCulture)}; this version of DomainTuning reads format {IndexManifest.CurrentFormat}. "
                    + (manifest.Format > IndexManifest.CurrentFormat ? "Update DomainTuning, or re-ingest with --rebuild." : "Re-ingest with --rebuild."));
            return new CollectionCard(manifest, info.Config.Metadata[BirthKey].StringValue, info.Config.Metadata[AverageLengthKey].DoubleValue);
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException)
        {
            throw new IndexException($"Index '{name}' has no readable manifest. Re-ingest with --rebuild.", unreadable);
        }
    }

    private static VectorParams DenseParams(int dimensions, VectorQuantisation quantisation)
    {
        var dense = new VectorParams { Size = (ulong)dimensions, Distance = Distance.Cosine };
        switch (quantisation)
        {
            case VectorQuantisation.Int8:
                dense.QuantizationConfig = new QuantizationConfig { Scalar = new ScalarQuantization { Type = QuantizationType.Int8, Quantile = 0.99f } };
                break;
            case VectorQuantisation.Binary:
                dense.QuantizationConfig = new QuantizationConfig { Binary = new BinaryQuantization() };
                break;
        }

        return dense;
    }
}

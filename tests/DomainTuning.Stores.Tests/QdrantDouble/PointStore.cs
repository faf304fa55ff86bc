using System.Numerics.Tensors;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Qdrant.Client.Grpc;
using Value = Qdrant.Client.Grpc.Value;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>A point at rest.</summary>
internal sealed class StoredPoint(PointId id)
{
    public PointId Id { get; } = id;

    public MapField<string, Value> Payload { get; } = [];

    public Dictionary<string, float[]> Dense { get; } = [];

    public Dictionary<string, SparseVector> Sparse { get; } = [];

    public ulong Version { get; set; }

    /// <summary>When the point first came. Equal scores go by it; the server has them in any order.</summary>
    public long Arrival { get; set; }

    /// <summary>Orders numbers before UUIDs, as the server's scroll does.</summary>
    public string Order => OrderOf(Id);

    public static string OrderOf(PointId id) => id.HasNum ? $"0{id.Num:D20}" : $"1{id.Uuid}";
}

/// <summary>One collection: its settings, its points, and what is written to them.</summary>
internal sealed partial class PointStore(CreateCollection settings)
{
    private readonly SortedDictionary<string, StoredPoint> points = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FieldType> indexes = new(StringComparer.Ordinal);

    /// <summary>Sparse vectors of deleted points, which still count among all until the server has tidied its segments.</summary>
    private readonly List<Dictionary<string, SparseVector>> ghosts = [];
    private readonly List<SnapshotDescription> snapshots = [];
    private ulong operations;
    private long arrivals;

    public StrictModeConfig? Strict { get; set; } = settings.StrictModeConfig;

    public int Points => points.Count;

    public CollectionInfo Info()
    {
        var info = new CollectionInfo
        {
            Status = CollectionStatus.Green,
            OptimizerStatus = new OptimizerStatus { Ok = true },
            PointsCount = (ulong)points.Count,
            SegmentsCount = 2,
            UpdateQueue = new UpdateQueueInfo(),
            Config = new CollectionConfig
            {
                Params = new CollectionParams
                {
                    VectorsConfig = settings.VectorsConfig, SparseVectorsConfig = settings.SparseVectorsConfig,
                    ShardNumber = Math.Max(1, settings.ShardNumber), ReplicationFactor = Math.Max(1, settings.ReplicationFactor),
                },
                StrictModeConfig = Strict,
            },
        };
        foreach (var (key, value) in settings.Metadata) info.Config.Metadata[key] = value;
        foreach (var (field, type) in indexes) info.PayloadSchema[field] = new PayloadSchemaInfo { DataType = PayloadType(type), Points = (ulong)points.Values.Count(point => point.Payload.ContainsKey(field)) };
        return info;
    }

    public PointsOperationResponse CreateIndex(CreateFieldIndexCollection request)
    {
        indexes[request.FieldName] = request.FieldType;
        return Done(request.Wait);
    }

    public PointsOperationResponse Upsert(UpsertPoints request)
    {
        if (Strict is { Enabled: true, HasUpsertMaxBatchsize: true } && (ulong)request.Points.Count > Strict.UpsertMaxBatchsize)
            throw Refused($"Bad request: Limit exceeded {request.Points.Count} > {Strict.UpsertMaxBatchsize} for \"upsert limit\". Help: Reduce the \"upsert limit\" parameter to or below {Strict.UpsertMaxBatchsize}.");
        if (request.UpdateFilter is not null) CheckFilter(request.UpdateFilter, update: true);
        var incoming = request.Points.Select(ToStored).ToList();
        var done = Done(request.Wait);
        foreach (var point in incoming)
        {
            if (points.TryGetValue(point.Order, out var before) && request.UpdateFilter is not null && !Filters.Pass(request.UpdateFilter, before)) continue;
            point.Version = operations;
            point.Arrival = before?.Arrival ?? arrivals++;
            points[point.Order] = point;
        }

        return done;
    }

    public PointsOperationResponse Delete(DeletePoints request)
    {
        foreach (var point in Selected(request.Points))
        {
            points.Remove(point.Order);
            if (point.Sparse.Count > 0) ghosts.Add(point.Sparse);
        }

        return Done(request.Wait);
    }

    public PointsOperationResponse SetPayload(SetPayloadPoints request)
    {
        var done = Done(request.Wait);
        foreach (var point in Selected(request.PointsSelector))
        {
            foreach (var (key, value) in request.Payload) point.Payload[key] = value;
            point.Version = operations;
        }

        return done;
    }

    public CreateSnapshotResponse CreateSnapshot(CreateSnapshotRequest request)
    {
        var snapshot = new SnapshotDescription
        {
            Name = $"{request.CollectionName}-1-{snapshots.Count}.snapshot", CreationTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch), Size = 1000 + points.Count, Checksum = "00",
        };
        snapshots.Add(snapshot);
        return new CreateSnapshotResponse { SnapshotDescription = snapshot };
    }

    public ListSnapshotsResponse ListSnapshots()
    {
        var answer = new ListSnapshotsResponse();
        answer.SnapshotDescriptions.AddRange(snapshots);
        return answer;
    }

    public DeleteSnapshotResponse DeleteSnapshot(DeleteSnapshotRequest request)
    {
        snapshots.RemoveAll(snapshot => snapshot.Name == request.SnapshotName);
        return new DeleteSnapshotResponse();
    }

    private PointsOperationResponse Done(bool wait) =>
        new() { Result = new UpdateResult { OperationId = ++operations, Status = wait ? UpdateStatus.Completed : UpdateStatus.Acknowledged } };

    private List<StoredPoint> Selected(PointsSelector selector)
    {
        if (selector.PointsSelectorOneOfCase == PointsSelector.PointsSelectorOneOfOneofCase.Points)
            return [.. selector.Points.Ids.Select(StoredPoint.OrderOf).Where(points.ContainsKey).Select(key => points[key])];
        CheckFilter(selector.Filter, update: true);
        return [.. points.Values.Where(point => Filters.Pass(selector.Filter, point))];
    }

    private StoredPoint ToStored(PointStruct point)
    {
        var stored = new StoredPoint(point.Id);
        foreach (var (key, value) in point.Payload) stored.Payload[key] = value;
        foreach (var (name, vector) in point.Vectors.Vectors_.Vectors)
            if (vector.VectorCase == Vector.VectorOneofCase.Sparse)
            {
                stored.Sparse[name] = vector.Sparse;
            }
            else
            {
                var size = (int)Params(name).Size;
                if (vector.Dense.Data.Count != size) throw Refused($"Wrong input: Vector dimension error: expected dim: {size}, got {vector.Dense.Data.Count} for vector '{name}'");
                stored.Dense[name] = Normalised([.. vector.Dense.Data]);
            }

        return stored;
    }

    private VectorParams Params(string name) => settings.VectorsConfig.ParamsMap?.Map.TryGetValue(name, out var found) == true ? found : throw Refused($"Wrong input: Not existing vector name error: {name}");

    /// <summary>Vectors of length 1 stay as they are.</summary>
    private static float[] Normalised(float[] vector)
    {
        var norm = TensorPrimitives.Norm(vector);
        if (norm == 0 || Math.Abs((norm * norm) - 1) < 1e-6) return vector;
        TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }

    private static PayloadSchemaType PayloadType(FieldType type) => type switch
    {
        FieldType.Keyword => PayloadSchemaType.Keyword,
        FieldType.Integer => PayloadSchemaType.Integer,
        FieldType.Text => PayloadSchemaType.Text,
        _ => PayloadSchemaType.UnknownType,
    };

    private static RpcException Refused(string message) => new(new Status(StatusCode.InvalidArgument, message));
}

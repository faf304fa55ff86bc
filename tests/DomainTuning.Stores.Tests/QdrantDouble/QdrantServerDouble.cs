using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>What befalls a call.</summary>
/// <param name="Status">Answered instead of the result.</param>
/// <param name="AfterIt">The call has its effect first: the answer is lost, not the work.</param>
/// <param name="Cut">The connection breaks.</param>
/// <param name="Slow">The call hangs until its deadline.</param>
internal sealed record Fault(Status? Status = null, bool AfterIt = false, bool Cut = false, bool Slow = false, Metadata? Trailers = null);

/// <summary>
/// A Qdrant server in this process: real sockets, real gRPC, the client's own messages; collections in memory, searched exactly. It answers as the recordings of a
/// real server (1.18.2) do — <see cref="RecordedConversationTests"/> holds it to that — and breaks down on request.
/// </summary>
internal sealed class QdrantServerDouble : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CollectionStore store = new();

    private QdrantServerDouble(WebApplication app) => this.app = app;

    public string? ApiKey { get; init; }

    public string? ReadOnlyKey { get; init; }

    public string Version { get; set; } = "1.18.2";

    /// <summary>Asked before every call: method, such as "/qdrant.Points/Upsert", and request. Null for a call that goes well.</summary>
    public Func<string, IMessage, Fault?>? Befalls { get; set; }

    public Uri Address { get; private set; } = new("http://unknown");

    /// <summary>Calls so far, by method.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Calls { get; } = new();

    public static async Task<QdrantServerDouble> StartAsync(string? apiKey = null, string? readOnlyKey = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        var app = builder.Build();
        var server = new QdrantServerDouble(app) { ApiKey = apiKey, ReadOnlyKey = readOnlyKey };
        app.MapGrpcService(server.Methods());
        await app.StartAsync();
        server.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    /// <summary>Number of points of a collection, whatever the state says of them.</summary>
    public int Points(string collection) => store.Points(collection);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private ServerServiceDefinition Methods()
    {
        var methods = ServerServiceDefinition.CreateBuilder();
        Add<HealthCheckRequest, HealthCheckReply>(methods, "Qdrant", "HealthCheck", HealthCheckRequest.Parser, HealthCheckReply.Parser, Access.Free, _ => new HealthCheckReply { Title = "double", Version = Version });
        Add<CollectionExistsRequest, CollectionExistsResponse>(methods, "Collections", "CollectionExists", CollectionExistsRequest.Parser, CollectionExistsResponse.Parser, Access.Read, store.Exists);
        Add<CreateCollection, CollectionOperationResponse>(methods, "Collections", "Create", CreateCollection.Parser, CollectionOperationResponse.Parser, Access.Write, store.Create);
        Add<UpdateCollection, CollectionOperationResponse>(methods, "Collections", "Update", UpdateCollection.Parser, CollectionOperationResponse.Parser, Access.Write, store.Update);
        Add<DeleteCollection, CollectionOperationResponse>(methods, "Collections", "Delete", DeleteCollection.Parser, CollectionOperationResponse.Parser, Access.Write, store.Delete);
        Add<GetCollectionInfoRequest, GetCollectionInfoResponse>(methods, "Collections", "Get", GetCollectionInfoRequest.Parser, GetCollectionInfoResponse.Parser, Access.Read, store.Get);
        Add<ListCollectionsRequest, ListCollectionsResponse>(methods, "Collections", "List", ListCollectionsRequest.Parser, ListCollectionsResponse.Parser, Access.Read, store.List);
        Add<ChangeAliases, CollectionOperationResponse>(methods, "Collections", "UpdateAliases", ChangeAliases.Parser, CollectionOperationResponse.Parser, Access.Write, store.ChangeAliases);
        Add<ListAliasesRequest, ListAliasesResponse>(methods, "Collections", "ListAliases", ListAliasesRequest.Parser, ListAliasesResponse.Parser, Access.Read, store.ListAliases);
        Add<CreateFieldIndexCollection, PointsOperationResponse>(methods, "Points", "CreateFieldIndex", CreateFieldIndexCollection.Parser, PointsOperationResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).CreateIndex(rq));
        Add<UpsertPoints, PointsOperationResponse>(methods, "Points", "Upsert", UpsertPoints.Parser, PointsOperationResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).Upsert(rq));
        Add<DeletePoints, PointsOperationResponse>(methods, "Points", "Delete", DeletePoints.Parser, PointsOperationResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).Delete(rq));
        Add<SetPayloadPoints, PointsOperationResponse>(methods, "Points", "SetPayload", SetPayloadPoints.Parser, PointsOperationResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).SetPayload(rq));
        Add<GetPoints, GetResponse>(methods, "Points", "Get", GetPoints.Parser, GetResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).Get(rq));
        Add<CountPoints, CountResponse>(methods, "Points", "Count", CountPoints.Parser, CountResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).Count(rq));
        Add<ScrollPoints, ScrollResponse>(methods, "Points", "Scroll", ScrollPoints.Parser, ScrollResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).Scroll(rq));
        Add<FacetCounts, FacetResponse>(methods, "Points", "Facet", FacetCounts.Parser, FacetResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).Facet(rq));
        Add<QueryPoints, QueryResponse>(methods, "Points", "Query", QueryPoints.Parser, QueryResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).Query(rq));
        Add<QueryBatchPoints, QueryBatchResponse>(methods, "Points", "QueryBatch", QueryBatchPoints.Parser, QueryBatchResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).QueryBatch(rq));
        Add<QueryPointGroups, QueryGroupsResponse>(methods, "Points", "QueryGroups", QueryPointGroups.Parser, QueryGroupsResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).QueryGroups(rq));
        Add<CreateSnapshotRequest, CreateSnapshotResponse>(methods, "Snapshots", "Create", CreateSnapshotRequest.Parser, CreateSnapshotResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).CreateSnapshot(rq));
        Add<ListSnapshotsRequest, ListSnapshotsResponse>(methods, "Snapshots", "List", ListSnapshotsRequest.Parser, ListSnapshotsResponse.Parser, Access.Read, rq => store.On(rq.CollectionName).ListSnapshots());
        Add<DeleteSnapshotRequest, DeleteSnapshotResponse>(methods, "Snapshots", "Delete", DeleteSnapshotRequest.Parser, DeleteSnapshotResponse.Parser, Access.Write, rq => store.On(rq.CollectionName).DeleteSnapshot(rq));
        return methods.Build();
    }

    private void Add<TRequest, TResponse>(
        ServerServiceDefinition.Builder methods, string service, string name, MessageParser<TRequest> request, MessageParser<TResponse> response, Access access, Func<TRequest, TResponse> answer)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, $"qdrant.{service}", name, Marshaller(request), Marshaller(response));
        methods.AddMethod(method, async (asked, context) =>
        {
            Calls.Enqueue(method.FullName);
            CheckKey(context, access);
            var fault = Befalls?.Invoke(method.FullName, asked);
            if (fault is { AfterIt: false }) await BreakAsync(fault, context);
            TResponse answered;
            lock (store) answered = answer(asked);
            if (fault is { AfterIt: true }) await BreakAsync(fault, context);
            return answered;
        });
    }

    private static async Task BreakAsync(Fault fault, ServerCallContext context)
    {
        if (fault.Slow) await Task.Delay(Timeout.Infinite, context.CancellationToken);
        if (fault.Cut) context.GetHttpContext().Abort();
        foreach (var trailer in fault.Trailers ?? []) context.ResponseTrailers.Add(trailer);
        throw new RpcException(fault.Status ?? new Status(StatusCode.Unknown, "cut"));
    }

    private void CheckKey(ServerCallContext context, Access access)
    {
        if (ApiKey is null || access == Access.Free) return;
        var key = context.RequestHeaders.GetValue("api-key") ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "Must provide an API key or an Authorization bearer token"));
        if (key == ApiKey) return;
        if (key != ReadOnlyKey) throw new RpcException(new Status(StatusCode.Unauthenticated, "Invalid API key or JWT"));
        if (access == Access.Write) throw new RpcException(new Status(StatusCode.PermissionDenied, "Forbidden: Global manage access is required"));
    }

    private static Marshaller<T> Marshaller<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => Marshallers.Create(message => message.ToByteArray(), parser.ParseFrom);

    private enum Access
    {
        Free,
        Read,
        Write,
    }
}

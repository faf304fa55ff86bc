using System.Globalization;
using DomainTuning.Indexing;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Qdrant.Client.Grpc;
using Server = Qdrant.Client.Grpc.Qdrant;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// One channel to one server. Every call has a deadline, and is made again when a passing fault stops it: all calls of the index may be repeated, because points
/// have fixed ids and the state is written under a condition. Thread-safe.
/// </summary>
internal sealed class QdrantConnection : IDisposable
{
    private readonly GrpcChannel channel;

    public QdrantConnection(QdrantOptions options)
    {
        Options = options;
        channel = GrpcChannel.ForAddress(options.Address, new GrpcChannelOptions
        {
            MaxReceiveMessageSize = options.MaxReceiveBytes,
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                // An HTTP/1 proxy breaks gRPC.
                UseProxy = false,
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = options.Deadline,
                // A half-open connection shows within a minute, not at the next deadline.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            },
        });
        var invoker = channel.CreateCallInvoker();
        if (options.ApiKey is { } key)
            invoker = invoker.Intercept(headers =>
            {
                headers.Add("api-key", key);
                return headers;
            });
        Points = new Points.PointsClient(invoker);
        Collections = new Collections.CollectionsClient(invoker);
        Snapshots = new Snapshots.SnapshotsClient(invoker);
        health = new Server.QdrantClient(invoker);
    }

    private readonly Server.QdrantClient health;

    public QdrantOptions Options { get; }

    public Points.PointsClient Points { get; }

    public Collections.CollectionsClient Collections { get; }

    public Snapshots.SnapshotsClient Snapshots { get; }

    /// <summary>Null where nothing was chosen.</summary>
    public ReadConsistency? Reading => Options.ReadConsistency switch
    {
        null => null,
        "majority" => new ReadConsistency { Type = ReadConsistencyType.Majority },
        "quorum" => new ReadConsistency { Type = ReadConsistencyType.Quorum },
        "all" => new ReadConsistency { Type = ReadConsistencyType.All },
        var factor => new ReadConsistency { Factor = ulong.Parse(factor, CultureInfo.InvariantCulture) },
    };

    /// <summary>Null where nothing was chosen.</summary>
    public WriteOrdering? Writing => Options.WriteOrdering switch
    {
        null => null,
        "weak" => new WriteOrdering { Type = WriteOrderingType.Weak },
        "medium" => new WriteOrdering { Type = WriteOrderingType.Medium },
        _ => new WriteOrdering { Type = WriteOrderingType.Strong },
    };

    /// <param name="doing">For the message of a failure: "storing 'a.pdf'".</param>
    /// <exception cref="IndexException">The server refuses, or the fault did not pass.</exception>
    public async Task<T> CallAsync<T>(string doing, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        var pause = Options.FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call(new CallOptions(deadline: (TimeProvider.System.GetUtcNow() + Options.Deadline).UtcDateTime, cancellationToken: cancellationToken)).ConfigureAwait(false);
            }
            catch (RpcException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            catch (RpcException fault) when (attempt < Options.Attempts && QdrantErrors.Passes(fault) is { } least)
            {
                await Task.Delay(least > pause ? least : pause, cancellationToken).ConfigureAwait(false);
                pause *= 2;
            }
            catch (RpcException fault)
            {
                throw QdrantErrors.Explain(fault, Options, doing);
            }
        }
    }

    /// <exception cref="IndexException">No server, or one that is too old.</exception>
    public async Task CheckVersionAsync(CancellationToken cancellationToken)
    {
        var said = (await CallAsync("asking for its version", options => health.HealthCheckAsync(new HealthCheckRequest(), options), cancellationToken).ConfigureAwait(false)).Version;
        var numbers = said.Split('-', '+')[0];
        if (!Version.TryParse(numbers, out var version) || version < QdrantOptions.OldestServer)
            throw new IndexException($"The Qdrant server at {Options.Address.GetLeftPart(UriPartial.Authority)} has version {said}; the index needs {QdrantOptions.OldestServer} or newer. Update the server, or keep the index in a file.");
    }

    public void Dispose() => channel.Dispose();
}

using DomainTuning.Indexing;
using DomainTuning.Stores.Qdrant;
using DomainTuning.Stores.Tests.QdrantDouble;

namespace DomainTuning.Stores.Tests;

/// <summary>The contract on a Qdrant server; where it stands, the subclasses say.</summary>
public abstract class QdrantContract : ChunkIndexContract
{
    private readonly string name = $"contract-{Guid.NewGuid():N}";

    protected abstract QdrantOptions Options { get; }

    protected string Collection => name;

    protected override async Task<ChunkIndex> CreateAsync() => await QdrantChunkIndex.OpenForWritingAsync(Options, name, Manifest, Cancellation);

    protected override async Task<ChunkIndex?> ReopenAsync(ChunkIndex index)
    {
        await index.DisposeAsync();
        return await QdrantChunkIndex.OpenAsync(Options, name, Embedder.Identity, Cancellation);
    }
}

/// <summary>Against the double in this process.</summary>
public sealed class QdrantDoubleContractTests : QdrantContract, IAsyncLifetime
{
    private QdrantServerDouble server = null!;

    protected override QdrantOptions Options => new() { Address = server.Address };

    public async ValueTask InitializeAsync()
    {
        server = await QdrantServerDouble.StartAsync();
        TestContext.Current.SendDiagnosticMessage("The contract of the Qdrant index runs against the double in this process.");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

/// <summary>Against a real server: QDRANT_URL is its gRPC address, QDRANT_API_KEY its key where it has one.</summary>
public sealed class QdrantServerContractTests : QdrantContract, IAsyncLifetime
{
    protected override QdrantOptions Options =>
        QdrantOptions.Parse(Environment.GetEnvironmentVariable("QDRANT_URL")!, Environment.GetEnvironmentVariable("QDRANT_API_KEY")).Options;

    public ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("QDRANT_URL") is null) Assert.Skip("QDRANT_URL is not set: the contract of the Qdrant index ran against the double alone, not against a real server.");
        TestContext.Current.SendDiagnosticMessage("The contract of the Qdrant index runs against the real server at QDRANT_URL.");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        using var collections = new QdrantCollections(Options);
        await collections.DeleteAsync(Collection);
    }
}

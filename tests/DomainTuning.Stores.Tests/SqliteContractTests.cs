using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores.Tests;

public sealed class SqliteContractTests : ChunkIndexContract, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override async Task<ChunkIndex> CreateAsync() => await SqliteChunkIndex.OpenForWritingAsync(folder["index.db"], Manifest, Cancellation);

    protected override async Task<ChunkIndex?> ReopenAsync(ChunkIndex index)
    {
        await index.DisposeAsync();
        return await SqliteChunkIndex.OpenAsync(folder["index.db"], Embedder.Identity, Cancellation);
    }
}

/// <summary>The yardstick keeps the contract too, so a failure of a store is the store's.</summary>
public sealed class MemoryContractTests : ChunkIndexContract
{
    protected override Task<ChunkIndex> CreateAsync() => Task.FromResult<ChunkIndex>(new MemoryChunkIndex(Manifest));

    protected override Task<ChunkIndex?> ReopenAsync(ChunkIndex index) => Task.FromResult<ChunkIndex?>(null);
}

using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;
using DomainTuning.Stores.Tests.QdrantDouble;

namespace DomainTuning.Stores.Tests;

/// <summary>The same steps on a file and on a server, and the way from one to the other.</summary>
public sealed class IndexPlaceTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly HashEmbedder embedder = new();
    private QdrantServerDouble server = null!;

    private Workspace Workspace => new(folder.Path);

    private IndexManifest Manifest => SampleDocument.Manifest(embedder);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IndexPlace Files => IndexPlace.Parse(Workspace, null);

    private IndexPlace Server => IndexPlace.Parse(Workspace, $"qdrant:{server.Address}");

    public async ValueTask InitializeAsync() => server = await QdrantServerDouble.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task APlaceOpensListsChecksAndCopiesItsIndexes(bool onServer)
    {
        var place = onServer ? Server : Files;
        Assert.Empty(await place.CorporaAsync(Cancellation));
        Assert.Null(await place.ReadManifestAsync("samples", Cancellation));

        await using (var writer = await place.OpenForWritingAsync(Manifest, Cancellation)) await StoreAsync(writer, 0, 1);

        Assert.Equal(["samples"], await place.CorporaAsync(Cancellation));
        Assert.Equal(Manifest, await place.ReadManifestAsync("samples", Cancellation));
        Assert.Empty(await place.CheckAsync("samples", Cancellation));
        Assert.NotEmpty(await place.DescribeAsync("samples", Cancellation));
        var copy = await place.CopyAsync("samples", Cancellation);
        Assert.Equal(copy.Name, Assert.Single(await place.CopiesAsync("samples", Cancellation)).Name);
        if (onServer)
        {
            await place.NameAsync("samples", "live", Cancellation);
            Assert.Equal(["live", "samples"], await place.CorporaAsync(Cancellation));
        }

        await using (var rebuilt = await place.RebuildAsync(Manifest, Cancellation)) Assert.Empty(await rebuilt.DocumentsAsync(Cancellation));
    }

    [Fact]
    public async Task AFileGoesBackToItsCopyWhileAReaderReads()
    {
        await using (var writer = await Files.OpenForWritingAsync(Manifest, Cancellation)) await StoreAsync(writer, 0, 1);
        await using var reader = await Files.OpenAsync("samples", embedder.Identity, Cancellation);
        var copy = await Files.CopyAsync("samples", Cancellation);
        await using (var writer = await Files.OpenForWritingAsync(Manifest, Cancellation)) await StoreAsync(writer, 2, 7);
        Assert.Equal(3 * ChildProcess.Chunks, (await reader.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);

        await Files.RestoreAsync("samples", copy.Name, Cancellation);

        Assert.Equal(2 * ChildProcess.Chunks, (await reader.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
        Assert.Empty(await SqliteChunkIndex.CheckAsync(Workspace.IndexFile("samples"), Cancellation));
        Assert.Contains("There is no copy 'x.db'", (await Assert.ThrowsAsync<IndexException>(() => Files.RestoreAsync("samples", "x.db", Cancellation))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AMigrationGoesOnWhereItStoppedAndCarriesEverything(bool toServer)
    {
        var (source, target) = toServer ? (Files, Server) : (Server, Files);
        await using (var writer = await source.OpenForWritingAsync(Manifest, Cancellation)) await StoreAsync(writer, 0, 1, 2, 3);
        await using var from = await source.OpenAsync("samples", embedder.Identity, Cancellation);
        using var stop = new CancellationTokenSource();
        await using (var broken = await target.OpenForWritingAsync(Manifest, Cancellation))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => IndexMigration.RunAsync(from, broken, new StopAfter(2, stop), stop.Token));

        await using var into = await target.OpenForWritingAsync(Manifest, Cancellation);
        var report = await IndexMigration.RunAsync(from, into, null, Cancellation);

        Assert.Equal((2, 2, 4 * ChildProcess.Chunks), (report.Moved, report.Kept, report.Chunks));
        Assert.Empty(report.Problems);
        Assert.True(report.Compared > 0);
        var (before, after) = (await from.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation), await into.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation));
        Assert.Equal(before.Select(chunk => (chunk.Chunk.Id, string.Join(' ', chunk.Vector.ToArray()))), after.Select(chunk => (chunk.Chunk.Id, string.Join(' ', chunk.Vector.ToArray()))));
        var page = (await ChildProcess.SampleAsync(embedder, 0)).Pages[3];
        Assert.Equal(page.Text, (await into.PageAsync((await into.DocumentsAsync(Cancellation))[0].Id, page.Number, Cancellation))!.Text);
    }

    [Fact]
    public async Task AMigrationIntoAnIndexWithOtherDocumentsSaysSo()
    {
        await using var from = await Files.OpenForWritingAsync(Manifest, Cancellation);
        await StoreAsync(from, 0);
        await using var into = await Server.OpenForWritingAsync(Manifest, Cancellation);
        await StoreAsync(into, 5);

        Assert.StartsWith("1 documents are in the target and not in the source.", Assert.Single((await IndexMigration.RunAsync(from, into, null, Cancellation)).Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pumps.db", "is no place for an index. Write qdrant:http://HOST:6334/NAME")]
    [InlineData("qdrant:pumps", "is no address of a Qdrant server")]
    public void APlaceThatCannotBeReadIsRefusedWithWhatToWrite(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<IndexException>(() => IndexPlace.Parse(Workspace, text)).Message, StringComparison.Ordinal);

    [Fact]
    public void OfflineForbidsAServerOnAnotherMachineAlone()
    {
        Assert.Contains("which 'offline' forbids", Assert.Throws<IndexException>(() => IndexPlace.Parse(Workspace, "qdrant:https://qdrant.example.com/x", null, offline: true)).Message, StringComparison.Ordinal);
        Assert.Equal("qdrant:http://localhost:6334/x", IndexPlace.Parse(Workspace, "qdrant:http://localhost/x", null, offline: true).Name("any"));
    }

    private async Task StoreAsync(ChunkIndex index, params int[] numbers)
    {
        foreach (var number in numbers) await (await ChildProcess.SampleAsync(embedder, number)).StoreInAsync(index, Cancellation);
    }

    private sealed class StopAfter(int documents, CancellationTokenSource stop) : IProgress<(int Done, int Of)>
    {
        public void Report((int Done, int Of) value)
        {
            if (value.Done == documents) stop.Cancel();
        }
    }
}

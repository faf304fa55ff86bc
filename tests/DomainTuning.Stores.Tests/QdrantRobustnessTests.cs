using DomainTuning.Indexing;
using DomainTuning.Stores.Qdrant;
using DomainTuning.Stores.Tests.QdrantDouble;
using Grpc.Core;
using Grpc.Net.Client;
using Qdrant.Client.Grpc;
using Fusion = DomainTuning.Retrieval.Fusion;

namespace DomainTuning.Stores.Tests;

/// <summary>What may go wrong between an index and its server; each on the double, over real sockets.</summary>
public sealed class QdrantRobustnessTests : IAsyncLifetime
{
    private const string Name = "pumps";
    private static readonly Fault Down = new(new Status(StatusCode.Unavailable, "down"));

    private readonly HashEmbedder embedder = new();
    private QdrantServerDouble server = null!;

    private QdrantOptions Options => new() { Address = server.Address, FirstPause = TimeSpan.FromMilliseconds(1) };

    private IndexManifest Manifest => SampleDocument.Manifest(embedder);

    private string Host => server.Address.GetLeftPart(UriPartial.Authority);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await QdrantServerDouble.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task AServerThatIsDownIsNamedWithWhatToCheck()
    {
        var address = server.Address;
        await server.DisposeAsync();

        var down = await Assert.ThrowsAsync<IndexException>(() => WriterAsync(Options with { Address = address }));

        Assert.Equal(
            $"The Qdrant server at {Host} does not answer (asking for its version). Start it, or check address and port (gRPC, usually 6334). Nothing that was stored is lost: run the same command again.",
            down.Message);
    }

    [Fact]
    public async Task AServerThatIsSlowIsGivenUpAtTheDeadline()
    {
        await (await WriterAsync()).DisposeAsync();
        await using var index = await ReaderAsync(Options with { Deadline = TimeSpan.FromMilliseconds(300), Attempts = 2 });
        server.Befalls = (method, _) => method == "/qdrant.Points/Query" ? new Fault(Slow: true) : null;

        var slow = await Assert.ThrowsAsync<IndexException>(() => index.SearchLexicalAsync("word", 5, ChunkFilter.None, Cancellation));

        Assert.StartsWith($"The Qdrant server at {Host} did not answer within 0 s, 2 times (searching).", slow.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeysDecideWhoMayReadAndWhoMayWrite()
    {
        await using var guarded = await QdrantServerDouble.StartAsync("full", "reader");
        var options = Options with { Address = guarded.Address };
        await using (var writer = await WriterAsync(options with { ApiKey = "full" })) await StoreAsync(writer, 1);

        Assert.Contains("refuses a call without a key", (await Assert.ThrowsAsync<IndexException>(() => ReaderAsync(options))).Message, StringComparison.Ordinal);
        Assert.Contains("refuses this API key", (await Assert.ThrowsAsync<IndexException>(() => ReaderAsync(options with { ApiKey = "old" }))).Message, StringComparison.Ordinal);
        Assert.Contains("The API key may read on the Qdrant server", (await Assert.ThrowsAsync<IndexException>(() => WriterAsync(options with { ApiKey = "reader" }))).Message, StringComparison.Ordinal);
        await using var reader = await ReaderAsync(options with { ApiKey = "reader" });
        Assert.Equal(ChildProcess.Chunks, await reader.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task AnOldServerIsToldWhichVersionIsNeeded()
    {
        server.Version = "1.15.5";

        Assert.Equal(
            $"The Qdrant server at {Host} has version 1.15.5; the index needs 1.16 or newer. Update the server, or keep the index in a file.",
            (await Assert.ThrowsAsync<IndexException>(() => WriterAsync())).Message);
        server.Version = "1.20.0-dev";
        await (await WriterAsync()).DisposeAsync();
    }

    [Fact]
    public async Task AnotherEmbedderChunkingOrCorpusIsRefusedWithBothNamesAndTheRemedy()
    {
        await (await WriterAsync()).DisposeAsync();
        var other = new HashEmbedder(32);

        Assert.Equal(
            $"Index 'qdrant:{Host}/pumps' was built with hash-64@0000000 (64 dims); this run embeds with hash-32@0000000 (32 dims). Pass --embedder hash-64 or re-ingest with --rebuild.",
            (await Assert.ThrowsAsync<IndexException>(() => QdrantChunkIndex.OpenAsync(Options, Name, other.Identity, Cancellation))).Message);
        Assert.Contains("belongs to corpus 'samples'", (await Assert.ThrowsAsync<IndexException>(() => QdrantChunkIndex.OpenForWritingAsync(Options, Name, Manifest with { Corpus = "other" }, Cancellation))).Message, StringComparison.Ordinal);
        Assert.Equal(Manifest, await QdrantChunkIndex.ReadManifestAsync(Options, Name, Cancellation));
        Assert.Null(await QdrantChunkIndex.ReadManifestAsync(Options, "absent", Cancellation));
        Assert.Contains("There is no index at", (await Assert.ThrowsAsync<IndexException>(() => QdrantChunkIndex.OpenAsync(Options, "absent", embedder.Identity, Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACollectionOfSomethingElseIsNeverTouched()
    {
        using var channel = GrpcChannel.ForAddress(server.Address);
        await new Collections.CollectionsClient(channel).CreateAsync(new CreateCollection { CollectionName = Name, VectorsConfig = new VectorsConfig { ParamsMap = new VectorParamsMap() } }, cancellationToken: Cancellation);

        foreach (var open in new Func<Task>[] { () => WriterAsync(), () => ReaderAsync(), () => QdrantChunkIndex.RebuildAsync(Options, Name, Manifest, Cancellation) })
            Assert.Contains("is a Qdrant collection, but not an index of DomainTuning", (await Assert.ThrowsAsync<IndexException>(open)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHalfWrittenDocumentIsNeverSeenAndTheNextRunTakesItOut()
    {
        var writer = await WriterAsync(Options with { Batch = 16 });
        await StoreAsync(writer, 0);
        var whole = server.Points(Name);
        var upserts = 0;
        server.Befalls = (method, _) => method == "/qdrant.Points/Upsert" && ++upserts > 2 ? Down : null;

        await Assert.ThrowsAsync<IndexException>(() => StoreAsync(writer, 1));

        Assert.Equal(whole + 32, server.Points(Name));
        server.Befalls = (method, _) => method.EndsWith("Upsert", StringComparison.Ordinal) ? Down : null;
        await writer.DisposeAsync(); // as if killed: it could not even say goodbye
        server.Befalls = null;
        await using (var reader = await ReaderAsync())
        {
            Assert.Equal(ChildProcess.Chunks, await reader.CountAsync(ChunkFilter.None, Cancellation));
            Assert.Equal(ChildProcess.Chunks, (await reader.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
        }

        await BreakPromiseAsync();
        await using var next = await WriterAsync();
        Assert.Equal(whole, server.Points(Name));
        await StoreAsync(next, 1);
        Assert.Equal(2 * ChildProcess.Chunks, await next.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task ADocumentThatFailedCanBeStoredAgainByTheSameWriter()
    {
        await using var writer = await WriterAsync(Options with { Batch = 16 });
        var upserts = 0;
        server.Befalls = (method, _) => method == "/qdrant.Points/Upsert" && ++upserts > 2 ? Down : null;
        await Assert.ThrowsAsync<IndexException>(() => StoreAsync(writer, 8));
        server.Befalls = null;

        await StoreAsync(writer, 1);

        Assert.Equal(ChildProcess.Chunks, await writer.CountAsync(ChunkFilter.None, Cancellation));
        Assert.Equal(ChildProcess.Chunks, (await writer.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACutConnectionIsMetByTheSameCallAgainWhetherItsWorkWasDoneOrNot(bool done)
    {
        var cut = new HashSet<string>();
        await using var writer = await WriterAsync();
        server.Befalls = (method, request) => cut.Add($"{method} {request.GetHashCode()}") ? new Fault(Cut: true, AfterIt: done) : null;

        await StoreAsync(writer, 1);
        await StoreAsync(writer, 8);

        Assert.True(cut.Count > 4);
        server.Befalls = null;
        Assert.Equal(ChildProcess.Chunks, await writer.CountAsync(ChunkFilter.None, Cancellation));
        Assert.Equal((await ChildProcess.SampleAsync(embedder, 8)).Document.Id, Assert.Single(await writer.DocumentsAsync(Cancellation)).Id);
    }

    [Fact]
    public async Task ACommitWhoseAnswerNeverCameIsLookedUpBeforeTheNextWrite()
    {
        await using var writer = await WriterAsync(Options with { Attempts = 1 });
        server.Befalls = (method, request) => request is UpsertPoints { UpdateFilter: not null } ? Down with { AfterIt = true } : null;
        await Assert.ThrowsAsync<IndexException>(() => StoreAsync(writer, 1));
        server.Befalls = null;

        await StoreAsync(writer, 8);

        Assert.Equal((await ChildProcess.SampleAsync(embedder, 8)).Document.Id, Assert.Single(await writer.DocumentsAsync(Cancellation)).Id);
        Assert.Equal(ChildProcess.Chunks, await writer.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task ANodeThatIsMissingForAMomentIsWaitedForAndOneThatStaysAwayIsNamed()
    {
        await using var writer = await WriterAsync();
        var calls = 0;
        server.Befalls = (method, _) => method == "/qdrant.Points/Upsert" && ++calls < 3
            ? new Fault(new Status(StatusCode.Internal, "Service internal error: The replica set for shard 0 on peer 4389041907482643 does not have enough active replicas")) : null;
        await StoreAsync(writer, 1);

        server.Befalls = (_, _) => new Fault(new Status(StatusCode.Internal, "Service internal error: 1 of 1 read operations failed:\n  Tonic status error: tcp connect error"));
        var away = await Assert.ThrowsAsync<IndexException>(() => writer.CountAsync(ChunkFilter.None, Cancellation));
        server.Befalls = null;

        Assert.StartsWith($"Too few nodes of the Qdrant cluster at {Host} are up (counting: ", away.Message, StringComparison.Ordinal);
        Assert.Equal(ChildProcess.Chunks, await writer.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task ARateLimitIsWaitedForAndAFullServerIsNot()
    {
        await using var writer = await WriterAsync();
        var calls = 0;
        server.Befalls = (method, _) => method == "/qdrant.Points/Upsert" && ++calls < 2 ? new Fault(new Status(StatusCode.ResourceExhausted, "limit"), Trailers: new Metadata { { "retry-after", "0" } }) : null;
        await StoreAsync(writer, 1);

        calls = 0;
        server.Befalls = (method, _) => method == "/qdrant.Points/Upsert" && ++calls > 0 ? new Fault(new Status(StatusCode.ResourceExhausted, "quota"), Trailers: new Metadata { { "qdrant-insufficient-storage", "1" } }) : null;
        var full = await Assert.ThrowsAsync<IndexException>(() => StoreAsync(writer, 2));

        Assert.Equal(1, calls);
        Assert.Contains("is out of memory or disk (storing '2.pdf')", full.Message, StringComparison.Ordinal);
        server.Befalls = null;
    }

    [Fact]
    public async Task ASecondWriterIsToldWhoWritesAndAWriterThatWasGivenUpIsStoppedAtItsNextCommit()
    {
        await using var first = await WriterAsync();
        await StoreAsync(first, 0);

        var refused = await Assert.ThrowsAsync<IndexException>(() => WriterAsync());
        Assert.Contains($"is being written by process {Environment.ProcessId} (", refused.Message, StringComparison.Ordinal);

        await BreakPromiseAsync();
        await using var second = await WriterAsync();
        var stopped = await Assert.ThrowsAsync<IndexException>(() => StoreAsync(first, 1));
        Assert.Contains("was taken over by process", stopped.Message, StringComparison.Ordinal);
        await StoreAsync(second, 2);
        Assert.Equal(["0.pdf", "2.pdf"], (await second.DocumentsAsync(Cancellation)).Select(document => document.Path));
        Assert.Equal(2 * ChildProcess.Chunks, (await second.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
    }

    [Fact]
    public async Task ReadersElsewhereSeeDocumentsWholeWhileAWriterReplacesAndCleansUp()
    {
        await using var writer = await WriterAsync();
        await (await VersionAsync(0)).StoreInAsync(writer, Cancellation);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadUntilAsync(done.Token), Cancellation)).ToList();

        for (var version = 1; version < 80; version++) await (await VersionAsync(version)).StoreInAsync(writer, Cancellation);
        await done.CancelAsync();

        Assert.All(await Task.WhenAll(readers), versions => Assert.True(versions > 1, $"Only {versions} versions were seen."));
        Assert.True(server.Points(Name) < 40 * 21, "Replaced versions pile up.");
    }

    [Fact]
    public async Task StrictModeIsKept()
    {
        await (await WriterAsync()).DisposeAsync();
        using var channel = GrpcChannel.ForAddress(server.Address);
        var strict = new StrictModeConfig { Enabled = true, MaxQueryLimit = 20, UnindexedFilteringRetrieve = false, UnindexedFilteringUpdate = false, UpsertMaxBatchsize = 16, SearchMaxBatchsize = 1 };
        await new Collections.CollectionsClient(channel).UpdateAsync(new UpdateCollection { CollectionName = Name, StrictModeConfig = strict }, cancellationToken: Cancellation);

        await using var writer = await WriterAsync();
        for (var number = 0; number < 3; number++) await StoreAsync(writer, number);
        await StoreAsync(writer, 7);

        var query = await embedder.EmbedQueryAsync("shared", Cancellation);
        var (dense, lexical) = await writer.SearchAsync(query, "shared", 100, ChunkFilter.None, Cancellation);
        Assert.Equal((100, 100), (dense.Count, lexical.Count));
        Assert.Equal(3 * ChildProcess.Chunks, (await writer.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation)).Count);
        Assert.True(await writer.DeleteAsync((await writer.DocumentsAsync(Cancellation))[0].Id, Cancellation));
    }

    [Fact]
    public async Task ManyChunksCrossPagesAndBatches()
    {
        await using var writer = await WriterAsync(Options with { Batch = 10 });
        for (var number = 0; number < 3; number++) await StoreAsync(writer, number);

        var chunks = await writer.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(Enumerable.Range(0, 3).SelectMany(_ => Enumerable.Range(0, ChildProcess.Chunks)), chunks.Select(chunk => chunk.Chunk.Position));
        Assert.Equal(3 * ChildProcess.Chunks, (await writer.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
    }

    [Fact]
    public async Task ARebuildSwitchesTheNameAndReadersWithTheOldEmbedderAreTold()
    {
        await using (var writer = await WriterAsync()) await StoreAsync(writer, 0);
        await using var reader = await ReaderAsync();
        Assert.NotEmpty(await reader.SearchLexicalAsync("shared", 5, ChunkFilter.None, Cancellation));
        var other = new HashEmbedder(32);

        await using var rebuilt = await QdrantChunkIndex.RebuildAsync(Options, Name, Manifest with { Embedder = other.Identity }, Cancellation);

        Assert.Empty(await rebuilt.DocumentsAsync(Cancellation));
        Assert.Contains("was built with hash-32@0000000 (32 dims)", (await Assert.ThrowsAsync<IndexException>(() => reader.SearchLexicalAsync("shared", 5, ChunkFilter.None, Cancellation))).Message, StringComparison.Ordinal);
        await (await ChildProcess.SampleAsync(other, 3)).StoreInAsync(rebuilt, Cancellation);
        Assert.Equal(ChildProcess.Chunks, (await rebuilt.SearchLexicalAsync("shared", 100, ChunkFilter.None, Cancellation)).Count);
        using var collections = new QdrantCollections(Options);
        Assert.Equal([Name], await collections.ListAsync(Cancellation));
    }

    [Fact]
    public async Task AHalfMadeCollectionIsNeverOpenedAndIsReplaced()
    {
        server.Befalls = (method, _) => method == "/qdrant.Collections/UpdateAliases" ? new Fault(new Status(StatusCode.Unknown, "killed")) : null;
        await Assert.ThrowsAsync<IndexException>(() => WriterAsync());
        server.Befalls = null;
        await Assert.ThrowsAsync<IndexException>(() => ReaderAsync());

        await using var writer = await WriterAsync();
        await StoreAsync(writer, 1);

        using var channel = GrpcChannel.ForAddress(server.Address);
        Assert.Single((await new Collections.CollectionsClient(channel).ListAsync(new ListCollectionsRequest(), cancellationToken: Cancellation)).Collections);
    }

    [Fact]
    public async Task FusionOnTheServerEqualsFusionHere()
    {
        await using var writer = await WriterAsync();
        for (var number = 0; number < 2; number++) await StoreAsync(writer, number);
        var query = await embedder.EmbedQueryAsync("w31 w62 chunk", Cancellation);

        var (dense, lexical) = await writer.SearchAsync(query, "w31 w93 w600", 40, ChunkFilter.None, Cancellation);
        var here = Fusion.ReciprocalRank([.. dense.Select(hit => (hit.Chunk.Id, hit.Score))], [.. lexical.Select(hit => (hit.Chunk.Id, hit.Score))]);
        var there = await writer.SearchFusedAsync(query, "w31 w93 w600", 10, ChunkFilter.None, candidates: 40, cancellationToken: Cancellation);

        Assert.Equal(here.Take(3).Select(hit => hit.Score), there.Take(3).Select(hit => hit.Score), (left, right) => Math.Abs(left - right) < 2e-3);
        Assert.Equal(10, there.Count);
    }

    [Fact]
    public async Task SnapshotsAndNamesAndReadinessAreAtHand()
    {
        await using (var writer = await WriterAsync()) await StoreAsync(writer, 0);
        using var collections = new QdrantCollections(Options);

        await collections.WaitUntilReadyAsync(Name, TimeSpan.FromSeconds(10), Cancellation);
        var snapshot = await collections.CreateSnapshotAsync(Name, Cancellation);
        await collections.PointAliasAsync("live", Name, Cancellation);

        Assert.Equal([snapshot], await collections.SnapshotsAsync(Name, Cancellation));
        await using var live = await QdrantChunkIndex.OpenAsync(Options, "live", embedder.Identity, Cancellation);
        Assert.Equal(ChildProcess.Chunks, await live.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Theory]
    [InlineData("localhost:6334", "is no address of a Qdrant server")]
    [InlineData("http://localhost:6333/pumps", "Use port 6334")]
    [InlineData("http://key@localhost/pumps", "must not hold a key")]
    [InlineData("http://localhost/pumps?shard=3", "'shard' in http://localhost/pumps?shard=3 is not known. Known are shards,")]
    [InlineData("http://localhost/pumps?shards=x", "a whole number from 1 to 65535 is expected")]
    [InlineData("http://localhost/pumps?replicas=1&writeConsistency=2", "no write could ever succeed")]
    [InlineData("http://localhost/pumps?quantisation=int4", "none, int8 or binary is expected")]
    public void AnAddressThatCannotBeUsedIsRefusedWithTheReason(string address, string reason) =>
        Assert.Contains(reason, Assert.Throws<IndexException>(() => QdrantOptions.Parse(address, null)).Message, StringComparison.Ordinal);

    [Fact]
    public void AnAddressHoldsCollectionAndChoices()
    {
        var (options, collection) = QdrantOptions.Parse("http://localhost/pumps?shards=3&replicas=2&writeConsistency=2&readConsistency=majority&writeOrdering=strong&quantisation=int8", "k");

        Assert.Equal("pumps", collection);
        Assert.Equal(new QdrantOptions { Address = new Uri("http://localhost:6334"), ApiKey = "k", Shards = 3, Replicas = 2, WriteConsistency = 2, ReadConsistency = "majority", WriteOrdering = "strong", Quantisation = VectorQuantisation.Int8 }, options);
        Assert.Equal(443, QdrantOptions.Parse("https://cluster.example.com", null).Options.Address.Port);
    }

    private Task<QdrantChunkIndex> WriterAsync(QdrantOptions? options = null) => QdrantChunkIndex.OpenForWritingAsync(options ?? Options, Name, Manifest, Cancellation);

    private Task<QdrantChunkIndex> ReaderAsync(QdrantOptions? options = null) => QdrantChunkIndex.OpenAsync(options ?? Options, Name, embedder.Identity, Cancellation);

    private async Task StoreAsync(QdrantChunkIndex index, int number) => await (await ChildProcess.SampleAsync(embedder, number)).StoreInAsync(index, Cancellation);

    /// <summary>As if the writer had died on another machine more than a minute ago.</summary>
    private async Task BreakPromiseAsync()
    {
        using var channel = GrpcChannel.ForAddress(server.Address);
        var late = new SetPayloadPoints { CollectionName = Name, Wait = true, PointsSelector = new PointsSelector { Points = new PointsIdsList { Ids = { PointIds.State } } }, Payload = { ["writer_until"] = 0 } };
        await new Points.PointsClient(channel).SetPayloadAsync(late, cancellationToken: Cancellation);
    }

    private Task<SampleDocument> VersionAsync(int version) => SampleDocument.CreateAsync(embedder, "a.pdf", [.. Enumerable.Repeat($"version{version} shared", 10)]);

    private async Task<int> ReadUntilAsync(CancellationToken done)
    {
        await using var index = await ReaderAsync();
        var query = await embedder.EmbedQueryAsync("shared", Cancellation);
        var versions = new HashSet<string>();
        while (!done.IsCancellationRequested)
        {
            var (dense, lexical) = await index.SearchAsync(query, "shared", 1000, ChunkFilter.None, Cancellation);
            foreach (var found in new[] { dense, lexical })
            {
                Assert.Equal(10, found.Count);
                versions.Add(Assert.Single(found.Select(hit => hit.Chunk.DocumentId.Value).Distinct()));
            }

            Assert.Equal(10, (await index.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation)).Count);
        }

        return versions.Count;
    }
}

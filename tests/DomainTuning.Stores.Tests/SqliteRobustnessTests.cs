using DomainTuning.Chunks;
using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Tests;

/// <summary>What may go wrong around an index file: other processes, kills, full disks, damage, other builds.</summary>
public sealed class SqliteRobustnessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly HashEmbedder embedder = new();

    private string File => folder["index.db"];

    private IndexManifest Manifest => SampleDocument.Manifest(embedder);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task KillingTheWriterAtAnyMomentLeavesAConsistentIndexThatTheNextRunTakesOver()
    {
        var random = new Random(11);
        for (var round = 0; round < 5; round++)
        {
            using var writer = await ChildProcess.StartWriterAsync(File, Cancellation);
            await Task.Delay(random.Next(5, 150), Cancellation);
            writer.Kill();
            await writer.WaitForExitAsync(Cancellation);

            Assert.Empty(await SqliteChunkIndex.CheckAsync(File, Cancellation));
            await using var next = await SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation);
            var documents = await next.DocumentsAsync(Cancellation);
            Assert.All(documents, document => Assert.Equal(ChildProcess.Chunks, document.Chunks));
            Assert.Equal(documents.Count * ChildProcess.Chunks, (await next.SearchLexicalAsync("shared", 1000, ChunkFilter.None, Cancellation)).Count);
        }
    }

    [Fact]
    public async Task ASecondWriterIsToldWhoWritesAndReadersGoOnMeanwhile()
    {
        using var writer = await ChildProcess.StartWriterAsync(File, Cancellation);
        try
        {
            var refused = await Assert.ThrowsAsync<IndexException>(() => SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation));
            Assert.Contains($"is being written by process {writer.Id} (", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Wait until it has ended, or stop it", refused.Message, StringComparison.Ordinal);

            await using var reader = await SqliteChunkIndex.OpenAsync(File, embedder.Identity, Cancellation);
            var query = await embedder.EmbedQueryAsync("shared", Cancellation);
            var states = new HashSet<string>();
            while (states.Count < 4)
            {
                Assert.False(writer.HasExited);
                states.Add(string.Join(' ', (await reader.DocumentsAsync(Cancellation)).Select(document => document.Id)));
                Assert.Equal(0, (await reader.SearchLexicalAsync("shared", 10_000, ChunkFilter.None, Cancellation)).Count % ChildProcess.Chunks);
                Assert.Equal(0, (await reader.SearchDenseAsync(query, 10_000, ChunkFilter.None, Cancellation)).Count % ChildProcess.Chunks);
            }
        }
        finally
        {
            writer.Kill();
            await writer.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task ASecondWriterInTheSameProcessIsRefusedToo()
    {
        await using var first = await SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation);

        await Assert.ThrowsAsync<IndexException>(() => SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation));
    }

    [Fact]
    public async Task AFullDiskIsOneClearSentenceAndLosesNothing()
    {
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation);
        var kept = await ChildProcess.SampleAsync(embedder, 0);
        await kept.StoreInAsync(index, Cancellation);
        index.LimitPages(1);

        var full = await Assert.ThrowsAsync<IndexException>(async () => await (await ChildProcess.SampleAsync(embedder, 1)).StoreInAsync(index, Cancellation));

        Assert.Equal($"The disk that holds index '{File}' is full (storing '1.pdf'). Nothing that was indexed before is lost: free some space and run the same command again.", full.Message);
        Assert.Equal(kept.Document.Id, Assert.Single(await index.DocumentsAsync(Cancellation)).Id);
        Assert.Equal(ChildProcess.Chunks, (await index.SearchLexicalAsync("shared", 100, ChunkFilter.None, Cancellation)).Count);
        index.LimitPages(100_000);
        await (await ChildProcess.SampleAsync(embedder, 1)).StoreInAsync(index, Cancellation);
        Assert.Empty(await SqliteChunkIndex.CheckAsync(File, Cancellation));
    }

    [Fact]
    public async Task AFileThatIsNoDatabaseIsNamedAndKeptByARebuild()
    {
        await System.IO.File.WriteAllTextAsync(File, string.Concat(Enumerable.Repeat("These are notes, not an index. ", 100)), Cancellation);

        foreach (var open in Openings())
            Assert.StartsWith($"'{File}' is not an index", (await Assert.ThrowsAsync<IndexException>(open)).Message, StringComparison.Ordinal);
        await using (await SqliteChunkIndex.RebuildAsync(File, Manifest, Cancellation))
            Assert.StartsWith("These are notes", await System.IO.File.ReadAllTextAsync(File + ".damaged", Cancellation), StringComparison.Ordinal);
        Assert.Empty(await SqliteChunkIndex.CheckAsync(File, Cancellation));
    }

    [Fact]
    public async Task ADamagedFileIsNamedWithTheRemedy()
    {
        await StoreAsync(0, 1, 2);
        var bytes = await System.IO.File.ReadAllBytesAsync(File, Cancellation);
        new Random(1).NextBytes(bytes.AsSpan(4096, bytes.Length - 8192));
        await System.IO.File.WriteAllBytesAsync(File, bytes, Cancellation);

        Assert.Contains("--rebuild", (await Assert.ThrowsAsync<IndexException>(() => ReadAllAsync())).Message, StringComparison.Ordinal);
        var problems = await Record.ExceptionAsync(() => SqliteChunkIndex.CheckAsync(File, Cancellation)) is IndexException unreadable ? [unreadable.Message] : await SqliteChunkIndex.CheckAsync(File, Cancellation);
        Assert.Contains(problems, problem => problem.Contains("--rebuild", StringComparison.Ordinal));
        await using var rebuilt = await SqliteChunkIndex.RebuildAsync(File, Manifest, Cancellation);
        Assert.Empty(await rebuilt.DocumentsAsync(Cancellation));
    }

    [Fact]
    public async Task ATruncatedFileIsNamedWithTheRemedy()
    {
        await StoreAsync(0, 1, 2);
        await using (var stream = System.IO.File.OpenWrite(File)) stream.SetLength(stream.Length / 2);

        Assert.Contains("--rebuild", (await Assert.ThrowsAsync<IndexException>(() => ReadAllAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatabaseOfSomethingElseIsNeverTouched()
    {
        using (var other = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "CREATE TABLE contacts(name)";
            command.ExecuteNonQuery();
        }

        var before = await System.IO.File.ReadAllBytesAsync(File, Cancellation);
        foreach (var open in Openings().Append(() => SqliteChunkIndex.RebuildAsync(File, Manifest, Cancellation)))
            Assert.Contains("is an SQLite file, but not an index of DomainTuning", (await Assert.ThrowsAsync<IndexException>(open)).Message, StringComparison.Ordinal);
        Assert.Equal(before, await System.IO.File.ReadAllBytesAsync(File, Cancellation));
    }

    [Fact]
    public async Task AnAbsentIndexSaysHowToMakeOne()
    {
        var absent = await Assert.ThrowsAsync<IndexException>(() => SqliteChunkIndex.OpenAsync(folder["cnc.db"], embedder.Identity, Cancellation));

        Assert.Equal($"There is no index at '{folder["cnc.db"]}'. Run 'domaintuning ingest <folder> --corpus cnc' first.", absent.Message);
        Assert.Null(await SqliteChunkIndex.ReadManifestAsync(folder["cnc.db"], Cancellation));
        Assert.False(System.IO.File.Exists(folder["cnc.db"]));
    }

    [Fact]
    public async Task AnotherEmbedderChunkingOrCorpusIsRefusedWithBothNamesAndTheRemedy()
    {
        await StoreAsync(0);
        var other = new HashEmbedder(32);

        Assert.Equal(
            $"Index '{File}' was built with hash-64@0000000 (64 dims); this run embeds with hash-32@0000000 (32 dims). Pass --embedder hash-64 or re-ingest with --rebuild.",
            (await Assert.ThrowsAsync<IndexException>(() => SqliteChunkIndex.OpenAsync(File, other.Identity, Cancellation))).Message);
        Assert.Contains(
            "was built with hash-64@0000000 (64 dims) with pooling 'mean'; this run embeds with it with pooling 'cls'. Pass --embedder hash-64",
            await RefusalAsync(Manifest with { Embedder = embedder.Identity with { Pooling = "cls" } }), StringComparison.Ordinal);
        Assert.Contains(
            "was cut with MaxTokens 384, OverlapTokens 48, MinTokens 64; this run cuts with MaxTokens 200, OverlapTokens 48, MinTokens 64.",
            await RefusalAsync(Manifest with { Chunking = new ChunkingOptions { MaxTokens = 200 } }), StringComparison.Ordinal);
        Assert.Contains("belongs to corpus 'samples'; this run is for 'other'. Pass --corpus samples", await RefusalAsync(Manifest with { Corpus = "other" }), StringComparison.Ordinal);
        Assert.Equal(Manifest, await SqliteChunkIndex.ReadManifestAsync(File, Cancellation));
    }

    [Fact]
    public async Task AnIndexOfAnotherFormatIsRefusedByName()
    {
        await StoreAsync(0);
        using (var connection = Sql.Open(File, SqliteOpenMode.ReadWrite)) connection.Execute("PRAGMA user_version = 2");

        Assert.Contains("has format 2; this version of DomainTuning reads format 1. Update DomainTuning", await RefusalAsync(Manifest), StringComparison.Ordinal);
        await using var rebuilt = await SqliteChunkIndex.RebuildAsync(File, Manifest, Cancellation);
        Assert.True(System.IO.File.Exists(File + ".damaged"));
    }

    [Fact]
    public async Task ARebuildEmptiesTheIndexAndReadersWithTheOldEmbedderAreTold()
    {
        await StoreAsync(0, 1);
        await using var reader = await SqliteChunkIndex.OpenAsync(File, embedder.Identity, Cancellation);
        Assert.NotEmpty(await reader.SearchLexicalAsync("shared", 5, ChunkFilter.None, Cancellation));
        var other = new HashEmbedder(32);

        await using var rebuilt = await SqliteChunkIndex.RebuildAsync(File, Manifest with { Embedder = other.Identity }, Cancellation);

        Assert.Empty(await rebuilt.DocumentsAsync(Cancellation));
        var told = await Assert.ThrowsAsync<IndexException>(() => reader.SearchLexicalAsync("shared", 5, ChunkFilter.None, Cancellation));
        Assert.Contains("was built with hash-32@0000000 (32 dims)", told.Message, StringComparison.Ordinal);
        await (await ChildProcess.SampleAsync(other, 3)).StoreInAsync(rebuilt, Cancellation);
        Assert.Equal(ChildProcess.Chunks, (await rebuilt.SearchLexicalAsync("shared", 100, ChunkFilter.None, Cancellation)).Count);
        Assert.Empty(await SqliteChunkIndex.CheckAsync(File, Cancellation));
    }

    [Fact]
    public async Task TheCheckSeesWhatIsMissing()
    {
        await StoreAsync(0);
        using (var connection = Sql.Open(File, SqliteOpenMode.ReadWrite))
            connection.Execute("DELETE FROM vectors WHERE chunk = 3; UPDATE vectors SET vector = x'00' WHERE chunk = 4; DELETE FROM words WHERE rowid = 5; DELETE FROM chunks WHERE key = 6");

        var problems = await SqliteChunkIndex.CheckAsync(File, Cancellation);

        Assert.Equal(
            ["1 documents whose number of chunks is not what was stored", "1 chunks without a vector", "1 vectors without a chunk", "1 vectors of the wrong length",
             "1 chunks that are missing from the word index", "1 entries of the word index without a chunk", "1 documents whose chunks are not stored one after the other"],
            problems.Select(problem => problem.Replace(". Re-ingest with --rebuild.", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AReaderThatWasClosedLetsGoOfTheFile()
    {
        await StoreAsync(0);
        var reader = await SqliteChunkIndex.OpenAsync(File, embedder.Identity, Cancellation);
        await reader.SearchLexicalAsync("shared", 5, ChunkFilter.None, Cancellation);

        await reader.DisposeAsync();

        Directory.Delete(folder.Path, recursive: true);
        Directory.CreateDirectory(folder.Path);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reader.DocumentsAsync(Cancellation));
    }

    private IEnumerable<Func<Task>> Openings() =>
    [
        () => SqliteChunkIndex.OpenAsync(File, embedder.Identity, Cancellation),
        () => SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation),
        () => SqliteChunkIndex.ReadManifestAsync(File, Cancellation),
    ];

    private async Task<string> RefusalAsync(IndexManifest manifest) =>
        (await Assert.ThrowsAsync<IndexException>(() => SqliteChunkIndex.OpenForWritingAsync(File, manifest, Cancellation))).Message;

    private async Task StoreAsync(params int[] numbers)
    {
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(File, Manifest, Cancellation);
        foreach (var number in numbers) await (await ChildProcess.SampleAsync(embedder, number)).StoreInAsync(index, Cancellation);
    }

    private async Task ReadAllAsync()
    {
        await using var index = await SqliteChunkIndex.OpenAsync(File, embedder.Identity, Cancellation);
        await index.SearchLexicalAsync("shared", 10, ChunkFilter.None, Cancellation);
        await index.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation);
    }
}

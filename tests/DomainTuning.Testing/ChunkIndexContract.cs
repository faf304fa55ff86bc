using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Xunit;

namespace DomainTuning.Testing;

/// <summary>What a chunk index is, whatever it is made of. Each store runs this suite from a class of a few lines.</summary>
public abstract class ChunkIndexContract
{
    protected HashEmbedder Embedder { get; } = new(64);

    protected IndexManifest Manifest => SampleDocument.Manifest(Embedder);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An empty index.</summary>
    protected abstract Task<ChunkIndex> CreateAsync();

    /// <summary>The same index after it was closed; null for a store that keeps nothing.</summary>
    protected abstract Task<ChunkIndex?> ReopenAsync(ChunkIndex index);

    [Fact]
    public async Task WhatWasStoredComesBackUnchanged()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("a/täst.pdf", ["The spindle turns.", "Größe 5 µm \U0001F600 主轴转速\r\n\0end"], ["mills"], "Chapter > 1");

        await sample.StoreInAsync(index, Cancellation);

        var document = Assert.Single(await index.DocumentsAsync(Cancellation));
        Assert.Equal(sample.Document with { Tags = document.Tags }, document);
        Assert.Equal(sample.Document.Tags, document.Tags);
        await AssertStoredAsync(index, sample);
    }

    [Fact]
    public async Task ADocumentUnderTheSamePathReplacesTheOlderOne()
    {
        await using var index = await CreateAsync();
        var older = await SampleAsync("a.pdf", ["old words about drills", "more old words"]);
        var newer = await SampleAsync("a.pdf", ["new words about lathes"]);
        await older.StoreInAsync(index, Cancellation);
        await index.SearchDenseAsync(older.Chunks[0].Vector, 5, ChunkFilter.None, Cancellation);

        await newer.StoreInAsync(index, Cancellation);

        Assert.Equal(newer.Document.Id, Assert.Single(await index.DocumentsAsync(Cancellation)).Id);
        Assert.Equal(1, await index.CountAsync(ChunkFilter.None, Cancellation));
        Assert.Null(await index.PageAsync(older.Document.Id, 1, Cancellation));
        Assert.Empty(await index.SearchLexicalAsync("drills", 5, ChunkFilter.None, Cancellation));
        Assert.Single(await index.SearchDenseAsync(older.Chunks[0].Vector, 5, ChunkFilter.None, Cancellation));
        await AssertStoredAsync(index, newer);
    }

    [Fact]
    public async Task StoringTwiceEqualsStoringOnce()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("a.pdf", ["one", "two"]);

        await sample.StoreInAsync(index, Cancellation);
        await sample.StoreInAsync(index, Cancellation);

        Assert.Equal(2, await index.CountAsync(ChunkFilter.None, Cancellation));
        await AssertStoredAsync(index, sample);
    }

    [Fact]
    public async Task ADeletedDocumentIsGoneFromEverySearch()
    {
        await using var index = await CreateAsync();
        var kept = await SampleAsync("kept.pdf", ["coolant pump"]);
        var gone = await SampleAsync("gone.pdf", ["coolant hose"]);
        await kept.StoreInAsync(index, Cancellation);
        await gone.StoreInAsync(index, Cancellation);
        await index.SearchLexicalAsync("coolant", 5, ChunkFilter.None, Cancellation);

        Assert.True(await index.DeleteAsync(gone.Document.Id, Cancellation));
        Assert.False(await index.DeleteAsync(gone.Document.Id, Cancellation));

        Assert.Equal(kept.Document.Id, Assert.Single(await index.DocumentsAsync(Cancellation)).Id);
        Assert.Equal("coolant pump", Assert.Single(await index.SearchLexicalAsync("coolant hose", 5, ChunkFilter.None, Cancellation)).Chunk.Text);
        Assert.Single(await index.SearchDenseAsync(gone.Chunks[0].Vector, 5, ChunkFilter.None, Cancellation));
        Assert.Empty(await index.ChunksAsync([gone.Chunks[0].Chunk.Id], Cancellation));
    }

    [Fact]
    public async Task DenseSearchRanksByCosineAndReturnsTheLimit()
    {
        await using var index = await CreateAsync();
        await (await SampleAsync("a.pdf", ["spindle speed", "tool table", "spindle speed and feed rate"])).StoreInAsync(index, Cancellation);
        var query = await Embedder.EmbedQueryAsync("spindle speed", Cancellation);

        var found = await index.SearchDenseAsync(query, 2, ChunkFilter.None, Cancellation);

        Assert.Equal(["spindle speed", "spindle speed and feed rate"], found.Select(hit => hit.Chunk.Text));
        Assert.Equal(1, found[0].Score, 5);
        Assert.True(found[0].Score > found[1].Score);
        Assert.Empty(await index.SearchDenseAsync(query, 0, ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task LexicalSearchRanksRareWordsAboveCommonOnesAndCountsHeadings()
    {
        await using var index = await CreateAsync();
        await (await SampleAsync("a.pdf", ["the motor moves the axis", "the motor stops", "the motor of the gantry runs"])).StoreInAsync(index, Cancellation);
        await (await SampleAsync("b.pdf", ["It is set below."], heading: "Backlash")).StoreInAsync(index, Cancellation);

        Assert.Equal("the motor of the gantry runs", (await index.SearchLexicalAsync("motor GANTRIES", 3, ChunkFilter.None, Cancellation))[0].Chunk.Text);
        Assert.Equal("It is set below.", Assert.Single(await index.SearchLexicalAsync("backlash", 3, ChunkFilter.None, Cancellation)).Chunk.Text);
        Assert.Equal(3, (await index.SearchLexicalAsync("motor", 10, ChunkFilter.None, Cancellation)).Count);
        Assert.Equal(2, (await index.SearchLexicalAsync("motor", 2, ChunkFilter.None, Cancellation)).Count);
    }

    [Fact]
    public async Task TiesAreOrderedByChunkId()
    {
        await using var index = await CreateAsync();
        foreach (var i in Enumerable.Range(0, 20)) await (await SampleAsync($"{i}.pdf", ["exactly the same words"])).StoreInAsync(index, Cancellation);
        var query = await Embedder.EmbedQueryAsync("same words", Cancellation);

        foreach (var limit in new[] { 7, 20 })
        {
            var dense = await index.SearchDenseAsync(query, limit, ChunkFilter.None, Cancellation);
            var lexical = await index.SearchLexicalAsync("same words", limit, ChunkFilter.None, Cancellation);

            Assert.Equal(limit, dense.Count);
            Assert.Equal(dense.Select(hit => hit.Chunk.Id), dense.Select(hit => hit.Chunk.Id).OrderBy(id => id.ToString(), StringComparer.Ordinal));
            Assert.Equal(dense.Select(hit => hit.Chunk.Id), lexical.Select(hit => hit.Chunk.Id));
        }
    }

    [Fact]
    public async Task FiltersHoldForSearchesScrollAndCount()
    {
        await using var index = await CreateAsync();
        var mill = await SampleAsync("mill.pdf", ["feed rate", "feed override"], ["mills", "2024"]);
        var lathe = await SampleAsync("lathe.pdf", ["feed per turn"], ["lathes", "2024"]);
        var plain = await SampleAsync("plain.pdf", ["feed nothing"]);
        foreach (var sample in new[] { mill, lathe, plain }) await sample.StoreInAsync(index, Cancellation);

        await AssertPassAsync(index, ChunkFilter.None, 4);
        await AssertPassAsync(index, new ChunkFilter { Tags = ["mills"] }, 2);
        await AssertPassAsync(index, new ChunkFilter { Tags = ["mills", "lathes"] }, 3);
        await AssertPassAsync(index, new ChunkFilter { Tags = ["2024"], Documents = [lathe.Document.Id, plain.Document.Id] }, 1);
        await AssertPassAsync(index, new ChunkFilter { Documents = [plain.Document.Id, mill.Document.Id] }, 3);
        await AssertPassAsync(index, new ChunkFilter { Tags = ["MILLS"] }, 0);
        await AssertPassAsync(index, new ChunkFilter { Documents = [new DocumentId("none")] }, 0);
    }

    [Fact]
    public async Task ScrollGoesByPathAndPositionAndCarriesVectors()
    {
        await using var index = await CreateAsync();
        var b = await SampleAsync("b.pdf", ["b0", "b1"]);
        var a = await SampleAsync("a.pdf", ["a0", "a1", "a2"]);
        var upper = await SampleAsync("Z.pdf", ["z0"]);
        foreach (var sample in new[] { b, a, upper }) await sample.StoreInAsync(index, Cancellation);

        var scrolled = await index.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(["z0", "a0", "a1", "a2", "b0", "b1"], scrolled.Select(chunk => chunk.Chunk.Text));
        Assert.Equal(b.Chunks[1].Vector.ToArray(), scrolled[5].Vector.ToArray());
        Assert.Equal(["Z.pdf", "a.pdf", "b.pdf"], (await index.DocumentsAsync(Cancellation)).Select(document => document.Path));
    }

    [Fact]
    public async Task NeighboursComeByPosition()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("a.pdf", ["p0", "p1", "p2", "p3"]);
        await sample.StoreInAsync(index, Cancellation);

        Assert.Equal(["p1", "p2"], Texts(await index.ChunksAsync(sample.Document.Id, 1, 2, Cancellation)));
        Assert.Equal(["p0", "p1"], Texts(await index.ChunksAsync(sample.Document.Id, -1, 1, Cancellation)));
        Assert.Equal(["p3"], Texts(await index.ChunksAsync(sample.Document.Id, 3, 99, Cancellation)));
        Assert.Empty(await index.ChunksAsync(sample.Document.Id, 4, 9, Cancellation));
        Assert.Empty(await index.ChunksAsync(new DocumentId("none"), 0, 9, Cancellation));
    }

    [Fact]
    public async Task ChunksComeInTheOrderAskedForWithoutUnknownOnes()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("a.pdf", ["p0", "p1", "p2"]);
        await sample.StoreInAsync(index, Cancellation);
        var ids = sample.Chunks.Select(chunk => chunk.Chunk.Id).ToList();

        Assert.Equal(["p2", "p0"], Texts(await index.ChunksAsync([ids[2], new ChunkId(Guid.Empty), ids[0]], Cancellation)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \t\n")]
    [InlineData("\"; DROP TABLE chunks; --")]
    [InlineData("AND OR NOT NEAR( * ^ : { } - + \" '")]
    [InlineData("unbalanced \" quote")]
    [InlineData("?!.,;:()[]{}<>@#$%^&*_-+=|\\/~`'")]
    [InlineData("\0\u0001\uFFFF\uD800 \uDC00")]
    [InlineData("xyzzy plugh")]
    public async Task AnyTextIsAValidQueryAndOneWithoutAKnownWordFindsNothing(string query)
    {
        await using var index = await CreateAsync();
        await (await SampleAsync("a.pdf", ["spindle"])).StoreInAsync(index, Cancellation);

        Assert.Empty(await index.SearchLexicalAsync(query, 5, ChunkFilter.None, Cancellation));
        Assert.Single(await index.SearchLexicalAsync(query + " spindle", 5, ChunkFilter.None, Cancellation));
    }

    [Theory]
    [InlineData("G33.1", "tapping with G33.1 here")]
    [InlineData("M62", "outputs by M62-M65")]
    [InlineData("#5399", "result is in #5399")]
    [InlineData("0x1F", "mask 0x1F")]
    [InlineData("HOME_ABSOLUTE_ENCODER", "set HOME_ABSOLUTE_ENCODER = 1")]
    [InlineData("home absolute encoder", "set HOME_ABSOLUTE_ENCODER = 1")]
    [InlineData("转速", "主轴转速为每分钟三千转")]
    [InlineData("轴", "主轴转速为每分钟三千转")]
    [InlineData("5 μm", "grösse 5 µm")]
    [InlineData("to be or not to be", "to be or not to be is a question")]
    public async Task CodesOtherScriptsAndStopWordsAreFound(string query, string text)
    {
        string[] texts = ["tapping with G33 here and 1 more", "outputs M6 5 2", "mask 0x2F", "result 53 99", "set the home position", "坐标系", text];
        await using var index = await CreateAsync();
        await (await SampleAsync("a.pdf", texts)).StoreInAsync(index, Cancellation);

        Assert.Equal(text, (await index.SearchLexicalAsync(query, 5, ChunkFilter.None, Cancellation))[0].Chunk.Text);
    }

    [Fact]
    public async Task AnEmptyIndexFindsNothing()
    {
        await using var index = await CreateAsync();

        Assert.Empty(await index.SearchLexicalAsync("anything", 5, ChunkFilter.None, Cancellation));
        Assert.Empty(await index.SearchDenseAsync(await Embedder.EmbedQueryAsync("anything", Cancellation), 5, ChunkFilter.None, Cancellation));
        Assert.Empty(await index.DocumentsAsync(Cancellation));
        Assert.Empty(await index.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation));
        Assert.Equal(0, await index.CountAsync(ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task ADocumentWithoutChunksIsKept()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("scan.pdf", []);

        await sample.StoreInAsync(index, Cancellation);
        await (await SampleAsync("a.pdf", ["word"])).StoreInAsync(index, Cancellation);

        Assert.Equal(2, (await index.DocumentsAsync(Cancellation)).Count);
        Assert.Single(await index.SearchLexicalAsync("word", 5, ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task BigTextsAreStoredWhole()
    {
        await using var index = await CreateAsync();
        var big = string.Join(' ', Enumerable.Range(0, 300_000).Select(i => $"word{i % 977}"));
        var sample = await SampleAsync("big.txt", [big]);

        await sample.StoreInAsync(index, Cancellation);

        await AssertStoredAsync(index, sample);
        Assert.Single(await index.SearchLexicalAsync("word976", 5, ChunkFilter.None, Cancellation));
    }

    [Fact]
    public async Task VectorsOfAnotherLengthAndChunksOfAnotherDocumentAreRefusedAndNothingIsStored()
    {
        await using var index = await CreateAsync();
        var sample = await SampleAsync("a.pdf", ["word"]);
        var other = await SampleAsync("b.pdf", ["word"]);

        await Assert.ThrowsAsync<ArgumentException>(() => index.StoreAsync(sample.Document, sample.Pages, [sample.Chunks[0] with { Vector = new float[63] }], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => index.StoreAsync(sample.Document, sample.Pages, other.Chunks, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => index.SearchDenseAsync(new float[63], 5, ChunkFilter.None, Cancellation));
        Assert.Empty(await index.DocumentsAsync(Cancellation));
    }

    [Fact]
    public async Task ACancelledStoreLeavesWhatWasThere()
    {
        await using var index = await CreateAsync();
        var older = await SampleAsync("a.pdf", ["old"]);
        await older.StoreInAsync(index, Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await (await SampleAsync("a.pdf", ["new"])).StoreInAsync(index, new CancellationToken(true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => index.SearchLexicalAsync("old", 5, ChunkFilter.None, new CancellationToken(true)));

        await AssertStoredAsync(index, older);
    }

    [Fact]
    public async Task ReadersSeeDocumentsWholeWhileAWriterReplacesThem()
    {
        await using var index = await CreateAsync();
        var versions = new List<SampleDocument>();
        for (var i = 0; i < 6; i++) versions.Add(await SampleAsync("a.pdf", [.. Enumerable.Repeat($"version{i} shared", 10)]));
        await versions[0].StoreInAsync(index, Cancellation);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() => ReadUntilAsync(index, done.Token), Cancellation)).ToList();

        for (var round = 0; round < 30; round++) await versions[round % versions.Count].StoreInAsync(index, Cancellation);
        await done.CancelAsync();

        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
    }

    [Fact]
    public async Task ReopeningFindsEverythingAgain()
    {
        var index = await CreateAsync();
        var sample = await SampleAsync("a.pdf", ["spindle", "turret"], ["mills"]);
        await sample.StoreInAsync(index, Cancellation);

        await using var again = await ReopenAsync(index);

        if (again is null) Assert.Skip("This index keeps nothing.");
        Assert.Equal(Manifest, again.Manifest);
        await AssertStoredAsync(again, sample);
        Assert.Equal("turret", Assert.Single(await again.SearchLexicalAsync("turrets", 5, new ChunkFilter { Tags = ["mills"] }, Cancellation)).Chunk.Text);
    }

    protected Task<SampleDocument> SampleAsync(string path, IReadOnlyList<string> texts, IReadOnlyList<string>? tags = null, string? heading = null) =>
        SampleDocument.CreateAsync(Embedder, path, texts, tags, heading);

    /// <summary>Pages, chunks and vectors are as they were given.</summary>
    protected static async Task AssertStoredAsync(ChunkIndex index, SampleDocument sample)
    {
        foreach (var page in sample.Pages)
        {
            var stored = await index.PageAsync(sample.Document.Id, page.Number, Cancellation);
            Assert.NotNull(stored);
            Assert.Equal(page.Lines, stored.Lines);
            Assert.Equal(page, stored with { Lines = page.Lines });
        }

        Assert.Null(await index.PageAsync(sample.Document.Id, sample.Pages.Count + 1, Cancellation));
        var scrolled = await index.ScrollAsync(new ChunkFilter { Documents = [sample.Document.Id] }, Cancellation).ToListAsync(Cancellation);
        Assert.Equal(sample.Chunks.Count, scrolled.Count);
        foreach (var (expected, actual) in sample.Chunks.Zip(scrolled))
        {
            AssertSame(expected.Chunk, actual.Chunk);
            Assert.Equal(expected.Vector.ToArray(), actual.Vector.ToArray());
        }
    }

    private static async Task AssertPassAsync(ChunkIndex index, ChunkFilter filter, int expected)
    {
        Assert.Equal(expected, await index.CountAsync(filter, Cancellation));
        Assert.Equal(expected, (await index.ScrollAsync(filter, Cancellation).ToListAsync(Cancellation)).Count);
        Assert.Equal(expected, (await index.SearchLexicalAsync("feed", 10, filter, Cancellation)).Count);
        var query = new float[64];
        query[0] = 1;
        Assert.Equal(expected, (await index.SearchDenseAsync(query, 10, filter, Cancellation)).Count);
    }

    private async Task<int> ReadUntilAsync(ChunkIndex index, CancellationToken done)
    {
        var query = await Embedder.EmbedQueryAsync("shared", Cancellation);
        var reads = 0;
        for (; reads == 0 || !done.IsCancellationRequested; reads++)
        {
            foreach (var found in new[] { await index.SearchDenseAsync(query, 100, ChunkFilter.None, Cancellation), await index.SearchLexicalAsync("shared", 100, ChunkFilter.None, Cancellation) })
            {
                Assert.Equal(10, found.Count);
                Assert.Single(found.Select(hit => hit.Chunk.DocumentId).Distinct());
            }

            Assert.Equal(10, (await index.ScrollAsync(ChunkFilter.None, Cancellation).ToListAsync(Cancellation)).Count);
        }

        return reads;
    }

    private static void AssertSame(Chunk expected, Chunk actual)
    {
        Assert.Equal(expected.HeadingPath, actual.HeadingPath);
        Assert.Equal(expected.Parts, actual.Parts);
        Assert.Equal(expected.Tags, actual.Tags);
        Assert.Equal(expected, actual with { HeadingPath = expected.HeadingPath, Parts = expected.Parts, Tags = expected.Tags });
    }

    private static IEnumerable<string> Texts(IEnumerable<Chunk> chunks) => chunks.Select(chunk => chunk.Text);
}

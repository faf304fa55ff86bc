using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Tests.Retrieval;

public sealed class RetrieverTests
{
    private readonly HashEmbedder embedder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HybridSearchFusesBothSidesAndShowsTheirScores()
    {
        var found = await (await RetrieverAsync()).SearchAsync("spindle speed", new RetrievalOptions { Top = 3 }, ChunkFilter.None, Cancellation);

        Assert.Equal("spindle speed", found[0].Chunk.Text);
        Assert.Equal(1, found[0].Score, 6);
        Assert.Equal([1, 2, 3], found.Select(chunk => chunk.Rank));
        Assert.Equal("manual.pdf", found[0].DocumentPath);
        Assert.NotNull(found[0].Dense);
        Assert.NotNull(found[0].Lexical);
        Assert.Null(found[^1].Lexical);
        Assert.Null(found[0].Reranked);
    }

    [Theory]
    [InlineData(SearchMode.Dense)]
    [InlineData(SearchMode.Lexical)]
    public async Task OneSideAloneIsItsOwnRanking(SearchMode mode)
    {
        var index = await IndexAsync();
        var found = await new Retriever(index, embedder).SearchAsync("coolant pump", new RetrievalOptions { Mode = mode }, ChunkFilter.None, Cancellation);

        var expected = mode == SearchMode.Dense
            ? await index.SearchDenseAsync(await embedder.EmbedQueryAsync("coolant pump", Cancellation), 8, ChunkFilter.None, Cancellation)
            : await index.SearchLexicalAsync("coolant pump", 8, ChunkFilter.None, Cancellation);
        Assert.Equal(expected.Select(hit => (hit.Chunk.Id, hit.Score)), found.Select(chunk => (chunk.Chunk.Id, chunk.Score)));
        Assert.All(found, chunk => Assert.Equal(mode == SearchMode.Dense, chunk.Lexical is null));
    }

    [Fact]
    public async Task ARerankerReordersTheHeadAndLeavesTheRest()
    {
        var plain = await (await RetrieverAsync()).SearchAsync("spindle speed", new RetrievalOptions(), ChunkFilter.None, Cancellation);

        var found = await new Retriever(await IndexAsync(), embedder, new LongestFirst()).SearchAsync("spindle speed", new RetrievalOptions { Reranked = 3 }, ChunkFilter.None, Cancellation);

        Assert.Equal(plain.Take(3).OrderByDescending(chunk => chunk.Chunk.Text.Length).Select(chunk => chunk.Chunk.Id), found.Take(3).Select(chunk => chunk.Chunk.Id));
        Assert.All(found.Take(3), chunk => Assert.Equal(chunk.Chunk.EmbeddedText.Length, chunk.Reranked));
        Assert.Equal(plain.Skip(3).Select(chunk => chunk.Chunk.Id), found.Skip(3).Select(chunk => chunk.Chunk.Id));
        Assert.All(found.Skip(3), chunk => Assert.Null(chunk.Reranked));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    public async Task AnEmptyQueryFindsNothing(string query) => Assert.Empty(await (await RetrieverAsync()).SearchAsync(query, new RetrievalOptions(), ChunkFilter.None, Cancellation));

    [Fact]
    public async Task FiltersReachBothSides() =>
        Assert.Empty(await (await RetrieverAsync()).SearchAsync("spindle", new RetrievalOptions(), new ChunkFilter { Tags = ["none"] }, Cancellation));

    [Theory]
    [InlineData(1.5, 8, 100)]
    [InlineData(double.NaN, 8, 100)]
    [InlineData(0.5, 0, 100)]
    [InlineData(0.5, 8, 7)]
    public async Task OptionsThatContradictThemselvesAreRefused(double weight, int top, int candidates)
    {
        var retriever = await RetrieverAsync();
        var options = new RetrievalOptions { DenseWeight = weight, Top = top, Candidates = candidates };

        await Assert.ThrowsAsync<ArgumentException>(() => retriever.SearchAsync("spindle", options, ChunkFilter.None, Cancellation));
    }

    private async Task<Retriever> RetrieverAsync() => new(await IndexAsync(), embedder);

    private async Task<MemoryChunkIndex> IndexAsync()
    {
        var index = new MemoryChunkIndex(SampleDocument.Manifest(embedder));
        string[] texts = ["spindle speed", "the spindle speed and the feed rate of the mill", "coolant pump", "pump and hose", "tool table", "a word"];
        await (await SampleDocument.CreateAsync(embedder, "manual.pdf", texts)).StoreInAsync(index, Cancellation);
        return index;
    }

    /// <summary>A real, if odd, reranker: the longest passage is the best.</summary>
    private sealed class LongestFirst : Reranker
    {
        public override string Id => "longest-first";

        public override Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<float>>([.. passages.Select(passage => (float)passage.Length)]);
    }
}

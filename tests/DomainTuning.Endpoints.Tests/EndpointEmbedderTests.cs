using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Endpoints.Tests;

public sealed class EndpointEmbedderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task VectorsHaveLengthOneAndKeepTheirOrderOverManyRequests()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var embedder = new EndpointEmbedder(await ExamineAsync(server));
        string[] texts = [.. Enumerable.Range(0, 70).Select(i => $"text {new string((char)('a' + i % 26), i + 1)}")];

        var together = await embedder.EmbedPassagesAsync(texts, Token);

        Assert.Equal(8, embedder.Identity.Dimensions);
        Assert.Equal(70, together.Count);
        foreach (var i in new[] { 0, 31, 32, 69 })
        {
            Assert.Equal(1, TensorPrimitives.Norm<float>(together[i]), 1e-5f);
            var alone = (await embedder.EmbedPassagesAsync([texts[i]], Token))[0];
            Assert.Equal(1, TensorPrimitives.Dot<float>(together[i], alone), 1e-5f);
        }
    }

    [Fact]
    public async Task QuestionsAndPassagesGetTheirPrefixes()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var embedder = new EndpointEmbedder(await ExamineAsync(server) with { QueryPrefix = "query: ", PassagePrefix = "passage: " });

        await embedder.EmbedQueryAsync("shaft seal", Token);
        await embedder.EmbedPassagesAsync(["shaft seal"], Token);

        Assert.Equal(["query: shaft seal", "passage: shaft seal"], server.Requests.TakeLast(2).Select(request => request["input"]!.AsArray().Single()!.GetValue<string>()));
    }

    [Fact]
    public async Task AnotherModelBehindTheSameNameIsRefused()
    {
        await using var server = await LoopbackServer.StartAsync();
        var card = await ExamineAsync(server);
        server.EmbeddingSeed = 1;
        using var embedder = new EndpointEmbedder(card);

        var error = await Assert.ThrowsAsync<EndpointException>(() => embedder.EmbedQueryAsync("shaft seal", Token));

        Assert.Contains("it is another model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALongTextIsCutToWhatFits()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var embedder = new EndpointEmbedder(await ExamineAsync(server) with { MaxTokens = 16 });

        await embedder.EmbedPassagesAsync([string.Join(' ', Enumerable.Repeat("seal", 100))], Token);

        Assert.InRange(server.Requests[^1]["input"]!.AsArray().Single()!.GetValue<string>().Length, 20, 16 * 4);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("seal", 2)]
    [InlineData("G54 1200", 7)]
    [InlineData("主轴转速", 4)]
    [InlineData("a\u00e9b 😀", 2)]
    public void TheEstimateCountsLettersByThreeAndTheRestOneByOne(string text, int expected) => Assert.Equal(expected, TokenEstimate.Of(text));

    [Fact]
    public void CuttingNeverSplitsACharacter() => Assert.Equal("a 😀", TokenEstimate.Cut("a 😀😀😀", 2));

    [Fact]
    public async Task TheSurveyFindsTheOnlyModelOrNamesThemAll()
    {
        await using var server = await LoopbackServer.StartAsync();
        var error = await Assert.ThrowsAsync<EndpointException>(() => EndpointSurvey.ExamineAsync(new EndpointRequest(server.Url), cancellationToken: Token));
        Assert.Contains("offers 2 models: big, pumps", error.Message, StringComparison.Ordinal);

        server.Models = ["Org/Big-Model:7b"];
        var card = await EndpointSurvey.ExamineAsync(new EndpointRequest(server.Url), cancellationToken: Token);

        Assert.Equal("big-model-7b", card.Id);
        Assert.Equal("Org/Big-Model:7b", card.Endpoint!.Model);
    }

    [Fact]
    public async Task ACardWithoutFilesLivesInTheLibrary()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var folder = new TemporaryFolder();
        var library = new ModelLibrary(folder.Path);
        var card = await ExamineAsync(server);

        var stored = library.AddEndpoint(card);

        Assert.Equal(card.Endpoint, stored.Endpoint);
        Assert.Equal(card.Fingerprint, stored.Fingerprint);
        Assert.Empty(library.Problems());
        Assert.Throws<Checkpoints.CheckpointException>(() => library.AddEndpoint(card));
        using var embedder = new EndpointEmbedder(library.Find(stored.Id));
        Assert.Equal(8, (await embedder.EmbedQueryAsync("x", Token)).Length);
        library.Remove(stored.Id);
        Assert.Empty(library.List());
    }

    private static Task<ModelCard> ExamineAsync(LoopbackServer server) =>
        EndpointSurvey.ExamineAsync(new EndpointRequest(server.Url, "big", ModelKind.Encoder), cancellationToken: Token);
}

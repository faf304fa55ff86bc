using System.Numerics.Tensors;
using System.Text.Json;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Encoders;

namespace DomainTuning.Onnx.Tests.Encoders;

/// <summary>Small random encoders against the reference's float32 numbers, loaded from folders as Hugging Face repositories ship them.</summary>
public sealed class TinyEncoderTests
{
    [Theory]
    [InlineData("tiny-bert", "cls")]
    [InlineData("tiny-xlmr", "mean")]
    public void PooledVectorsAreTheReferencesAloneAndInABatch(string model, string pooling)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(model, folder.Path, pooling);
        using var golden = Golden(model);
        var entries = golden.RootElement.GetProperty("sequences").EnumerateArray().ToArray();
        using var embedder = OnnxEmbedder.Load(folder.Path);
        TokenSequence[] sequences = [.. entries.Select(entry => Sequence(entry))];

        var together = embedder.Embed(sequences, TestContext.Current.CancellationToken);

        Assert.Equal((pooling, 64, 32), (embedder.Identity.Pooling, embedder.Identity.MaxTokens, embedder.Identity.Dimensions));
        for (var i = 0; i < entries.Length; i++)
        {
            var expected = entries[i].GetProperty("pooled_normalised").EnumerateArray().Select(value => value.GetSingle()).ToArray();
            Assert.True(TensorPrimitives.Distance<float>(expected, together[i]) < 1e-4);
            Assert.True(TensorPrimitives.Distance<float>(embedder.Embed([sequences[i]], TestContext.Current.CancellationToken)[0], together[i]) < 1e-6);
        }
    }

    [Fact]
    public void PaddingDoesNotChangeAVector()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write("tiny-xlmr", folder.Path, "mean");
        using var embedder = OnnxEmbedder.Load(folder.Path);
        // 36 to 40 tokens: alike enough for one run, so four of the five are filled up.
        TokenSequence[] sequences = [.. Enumerable.Range(36, 5).Select(length => new TokenSequence([.. Enumerable.Range(5, length).Select(id => new Token(id, -1, -1))], new int[length]))];
        Assert.Single(EncoderBatch.Group(sequences, 1024));

        var together = embedder.Embed(sequences, TestContext.Current.CancellationToken);

        for (var i = 0; i < sequences.Length; i++)
            Assert.True(TensorPrimitives.Distance<float>(embedder.Embed([sequences[i]], TestContext.Current.CancellationToken)[0], together[i]) < 1e-6);
    }

    [Fact]
    public async Task PrefixesOfTheFolderStandBeforeTheText()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write("tiny-bert", folder.Path, "cls");
        using var embedder = OnnxEmbedder.Load(folder.Path);
        using var bare = OnnxEmbedder.Load(folder.Path, new EncoderOptions { QueryPrefix = "", PassagePrefix = "" });

        Assert.Equal(await bare.EmbedQueryAsync("w5 w9", TestContext.Current.CancellationToken), await embedder.EmbedQueryAsync("w9", TestContext.Current.CancellationToken));
        Assert.Equal(
            (await bare.EmbedPassagesAsync(["w7 w9"], TestContext.Current.CancellationToken))[0],
            (await embedder.EmbedPassagesAsync(["w9"], TestContext.Current.CancellationToken))[0]);
        Assert.Equal(64, embedder.Identity.Sha256.Length);
    }

    [Fact]
    public void PoolingThatIsNotStatedIsAskedForNotGuessed()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write("tiny-bert", folder.Path, pooling: null);

        Assert.Contains("pooling", Assert.Throws<CheckpointException>(() => OnnxEmbedder.Load(folder.Path)).Message, StringComparison.Ordinal);
        using var told = OnnxEmbedder.Load(folder.Path, new EncoderOptions { Pooling = "mean" });
        Assert.Equal("mean", told.Identity.Pooling);
    }

    [Theory]
    [InlineData("tiny-cross-encoder")]
    [InlineData("tiny-xlmr-reranker")]
    public async Task LogitsAndScoresOfPairsAreTheReferences(string model)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(model, folder.Path, pooling: null);
        using var golden = Golden(model);
        var entries = golden.RootElement.GetProperty("pairs").EnumerateArray().ToArray();
        using var reranker = OnnxReranker.Load(folder.Path);

        var logits = reranker.Logits([.. entries.Select(Sequence)], TestContext.Current.CancellationToken);

        for (var i = 0; i < entries.Length; i++)
        {
            Assert.Equal(entries[i].GetProperty("logit").GetSingle(), logits[i], 1e-4f);
            var (first, second) = (Ids(entries[i], "first"), Ids(entries[i], "second"));
            if (first.Concat(second).Any(id => id is >= 100 and <= 103)) continue; // special ids have no word
            var scores = await reranker.ScoreAsync(TinyEncoder.Words(first), [TinyEncoder.Words(second)], TestContext.Current.CancellationToken);
            Assert.Equal(entries[i].GetProperty("sigmoid").GetSingle(), scores[0], 1e-4f);
        }
    }

    [Fact]
    public async Task ALongPassageIsCutAndALongQueryStillScores()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write("tiny-cross-encoder", folder.Path, pooling: null);
        using var reranker = OnnxReranker.Load(folder.Path);
        var (query, many) = ("w9 w10 w11", TinyEncoder.Words(Enumerable.Repeat(20, 500)));

        var pair = reranker.Pair(query, many);
        var scores = await reranker.ScoreAsync(query, [many, TinyEncoder.Words(Enumerable.Repeat(20, 64 - 3 - 3))], TestContext.Current.CancellationToken);

        Assert.Equal(64, pair.Tokens.Length);
        Assert.Equal((9, 10, 11), (pair.Tokens[1].Id, pair.Tokens[2].Id, pair.Tokens[3].Id));
        Assert.Equal(scores[1], scores[0]);
        Assert.Single(await reranker.ScoreAsync(many, [many], TestContext.Current.CancellationToken));
        Assert.Empty(await reranker.ScoreAsync(query, [], TestContext.Current.CancellationToken));
    }

    private static JsonDocument Golden(string model) => JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("embeddings", model, "golden.json")));

    private static int[] Ids(JsonElement entry, string name) => [.. entry.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static TokenSequence Sequence(JsonElement entry) => new([.. Ids(entry, "ids").Select(id => new Token(id, -1, -1))], Ids(entry, "token_type_ids"));
}

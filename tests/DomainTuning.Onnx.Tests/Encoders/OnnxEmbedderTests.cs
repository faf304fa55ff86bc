using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Encoders;

namespace DomainTuning.Onnx.Tests.Encoders;

public sealed class OnnxEmbedderTests
{
    [Theory]
    [InlineData("bge-small-en-v1.5")]
    [InlineData("bge-small-zh-v1.5")]
    public void IdsOfEveryTextAreTheReferences(string model)
    {
        var tokenizer = EncoderTokenizer.Load(Fixtures.Model(model));
        var golden = EmbeddingGolden.Of(model);

        for (var i = 0; i < golden.Texts.Length; i++)
            Assert.Equal(golden.Ids[i], tokenizer.Template.Single(tokenizer.EncodeTrusted(golden.Texts[i]), 512).Tokens.Select(token => token.Id));
    }

    [Theory]
    [InlineData("bge-small-en-v1.5")]
    [InlineData("bge-small-zh-v1.5")]
    public void TheShippedGraphGivesTheRecordedInt8Vectors(string model)
    {
        var golden = EmbeddingGolden.Of(model);
        using var embedder = OnnxEmbedder.Load(ModelLibrary.Open(Fixtures.Model(model)), null, rows: false);

        var vectors = embedder.Embed(golden.Sequences, TestContext.Current.CancellationToken);

        for (var i = 0; i < vectors.Length; i++)
            Assert.True(TensorPrimitives.CosineSimilarity(vectors[i], golden.Int8(i)) >= 0.99, golden.Texts[i]);
    }

    [Theory]
    [InlineData("bge-small-en-v1.5")]
    [InlineData("bge-small-zh-v1.5")]
    public void OneScaleARowComesCloserToTheFloatModel(string model)
    {
        var golden = EmbeddingGolden.Of(model);
        using var embedder = OnnxEmbedder.Load(Fixtures.Model(model));

        var vectors = embedder.Embed(golden.Sequences, TestContext.Current.CancellationToken);

        var (rows, shipped) = (new List<float>(), new List<float>());
        for (var i = 0; i < vectors.Length; i++)
        {
            rows.Add(TensorPrimitives.CosineSimilarity(vectors[i], golden.Full(i)));
            shipped.Add(TensorPrimitives.CosineSimilarity(golden.Int8(i), golden.Full(i)));
            Assert.True(rows[i] >= 0.985, $"{rows[i]}: {golden.Texts[i]}");
            Assert.Equal(1, TensorPrimitives.Norm<float>(vectors[i]), 1e-5);
        }

        TestContext.Current.SendDiagnosticMessage("{0}: cosine to float32 min {1:F4} mean {2:F4}, as shipped min {3:F4} mean {4:F4}", model, rows.Min(), rows.Average(), shipped.Min(), shipped.Average());
        Assert.True(rows.Average() > shipped.Average(), $"{rows.Average()} against {shipped.Average()}");
    }

    [Fact]
    public async Task AVectorDoesNotDependOnWhatElseIsEmbedded()
    {
        var texts = EmbeddingGolden.Of("bge-small-en-v1.5").Texts;
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"));

        var together = await embedder.EmbedPassagesAsync([.. texts, .. texts.Reverse()], TestContext.Current.CancellationToken);

        for (var i = 0; i < texts.Length; i++)
        {
            var alone = (await embedder.EmbedPassagesAsync([texts[i]], TestContext.Current.CancellationToken))[0];
            Assert.Equal(together[i], together[^(i + 1)]);
            Assert.True(TensorPrimitives.Distance<float>(alone, together[i]) <= 1e-6, texts[i]);
        }
    }

    [Fact]
    public async Task QueriesAndPassagesGetTheirPrefixes()
    {
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"));
        const string text = "how is the spindle started?";

        var query = await embedder.EmbedQueryAsync(text, TestContext.Current.CancellationToken);
        var passages = await embedder.EmbedPassagesAsync([text, embedder.Identity.QueryPrefix + text], TestContext.Current.CancellationToken);

        Assert.Equal(query, passages[1]);
        Assert.NotEqual(query, passages[0]);
        Assert.Equal(7, embedder.CountTokens("how is the spindle started?"));
        Assert.Equal("bge-small-en-v1.5@6c9c610 (384 dims)", embedder.Identity.ToString());
        Assert.Equal((512, "cls"), (embedder.Identity.MaxTokens, embedder.Identity.Pooling));
    }

    [Fact]
    public async Task LongTextsAreCutAndEmptyOnesHaveAVector()
    {
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"), new EncoderOptions { MaxTokens = 16 });

        var vectors = await embedder.EmbedPassagesAsync(
            [string.Join(' ', Enumerable.Repeat("word", 14)), string.Join(' ', Enumerable.Repeat("word", 5000)), "", "[SEP] [PAD]"], TestContext.Current.CancellationToken);

        Assert.Equal(vectors[0], vectors[1]);
        Assert.All(vectors, vector => Assert.Equal(1, TensorPrimitives.Norm<float>(vector), 1e-5));
        Assert.Empty(await embedder.EmbedPassagesAsync([], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ACancelledCallStops()
    {
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => embedder.EmbedPassagesAsync(["text"], cancelled.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => embedder.Embed(EmbeddingGolden.Of("bge-small-en-v1.5").Sequences, cancelled.Token));
    }

    [Fact]
    public void TextsOfLikeLengthRunTogetherAndAreFilledUpOnTheRight()
    {
        var bert = EncoderTokenizer.Load(Fixtures.Model("bge-small-en-v1.5"));
        using var golden = System.Text.Json.JsonDocument.Parse(new System.IO.Compression.GZipStream(
            File.OpenRead(Fixtures.Path("tokenizers", "bert", "padding.json.gz")), System.IO.Compression.CompressionMode.Decompress));
        TokenSequence[] sequences = [.. golden.RootElement.GetProperty("texts").EnumerateArray().Select(text => bert.Template.Single(bert.Encode(text.GetString()!), 512))];

        var batch = new EncoderBatch(sequences, bert.PadId);

        Assert.Equal(Flat("ids"), batch.Ids);
        Assert.Equal(Flat("attention_mask"), batch.Mask);
        Assert.Equal(Flat("token_type_ids"), batch.Types);
        int[][] unlike = [[3], [1], [0], [2]], alike = [[0, 1], [2]];
        Assert.Equal(unlike, EncoderBatch.Group(sequences, 100)); // 5, 4, 3 and 2 tokens
        Assert.Equal(alike, EncoderBatch.Group([sequences[3], sequences[3], sequences[3]], 10));

        long[] Flat(string name) => [.. golden.RootElement.GetProperty(name).EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetInt64())];
    }
}

using System.Text.Json;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>The library on disk: listing, finding, adding local files, verifying, removing.</summary>
public sealed class ModelLibraryTests : IDisposable
{
    private static readonly string TinyDecoder = Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf");
    private readonly TemporaryFolder _folder = new();
    private readonly ModelLibrary _library;

    public ModelLibraryTests() => _library = new ModelLibrary(_folder["models"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheShippedModelsAreListedAndIntact()
    {
        var shipped = new ModelLibrary(Path.Combine(Fixtures.Root, "models"));

        Assert.Equal(["bge-small-en-v1.5", "bge-small-zh-v1.5", "smollm2-135m-instruct"], shipped.List().Select(card => card.Id));
        Assert.Empty(shipped.Problems());
        var encoder = shipped.Find("bge-small-en-v1.5");
        Assert.Equal((ModelKind.Encoder, 384, 512, "cls", true), (encoder.Kind, encoder.Dimensions, encoder.MaxTokens, encoder.Pooling, encoder.Normalise));
        Assert.Equal("Represent this sentence for searching relevant passages: ", encoder.QueryPrefix);
        Assert.EndsWith("model_int8.onnx", encoder.WeightsPath, StringComparison.Ordinal);
        Assert.Equal("smollm2-135m-instruct", shipped.FindAny(ModelKind.Chat).Id);
        Assert.Equal("bge-small-zh-v1.5", shipped.FindAny(ModelKind.Encoder, "absent", "bge-small-zh-v1.5").Id);
        Assert.Empty(await shipped.Find("bge-small-zh-v1.5").VerifyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void AShippedCardReadAndWrittenKeepsEverything()
    {
        foreach (var folder in Directory.GetDirectories(Path.Combine(Fixtures.Root, "models")))
        {
            CardFile.Write(CardFile.Read(folder), Directory.CreateDirectory(_folder[Path.GetFileName(folder)]).FullName);

            using var before = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "card.json")));
            using var after = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder[Path.GetFileName(folder)], "card.json")));
            foreach (var property in before.RootElement.EnumerateObject())
                Assert.True(JsonElement.DeepEquals(property.Value, after.RootElement.GetProperty(property.Name)), property.Name);
        }
    }

    [Fact]
    public void AnUnknownIdNamesTheKnownOnes()
    {
        TinyRepositories.Encoder.Write(Path.Combine(_folder["models"], "tiny"));

        var error = Assert.Throws<CheckpointException>(() => _library.Find("absent"));

        Assert.Contains("There is no model 'absent'", error.Message, StringComparison.Ordinal);
        Assert.Contains("There are tiny; add one with 'domaintuning models add", error.Message, StringComparison.Ordinal);
        Assert.Contains("no chat model", Assert.Throws<CheckpointException>(() => _library.FindAny(ModelKind.Chat)).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => _library.Find("../tiny"));
        Assert.Throws<CheckpointException>(() => _library.Remove("../models"));
    }

    [Fact]
    public void AFolderWithoutACardIsReadByWhatItHolds()
    {
        TinyRepositories.Encoder.Write(Path.Combine(_folder["models"], "tiny-encoder"));
        TinyRepositories.Reranker.Write(Path.Combine(_folder["models"], "tiny-reranker"));
        Directory.CreateDirectory(Path.Combine(_folder["models"], "tiny-chat"));
        File.Copy(TinyDecoder, Path.Combine(Path.Combine(_folder["models"], "tiny-chat"), "x.gguf"));

        var cards = _library.List();

        Assert.Equal([("tiny-chat", ModelKind.Chat), ("tiny-encoder", ModelKind.Encoder), ("tiny-reranker", ModelKind.Reranker)], cards.Select(card => (card.Id, card.Kind)));
        Assert.Equal(("llama", "Q8_0", "in the GGUF metadata"), (cards[0].Architecture, cards[0].Quantisation?.Split(' ')[0], cards[0].ChatTemplate));
        Assert.Equal(512, cards[0].ContextTokens);
    }

    [Fact]
    public void ABrokenFolderIsAProblemAndHidesNoOther()
    {
        TinyRepositories.Encoder.Write(Path.Combine(_folder["models"], "good"));
        Directory.CreateDirectory(Path.Combine(_folder["models"], "bad"));
        File.WriteAllText(Path.Combine(Path.Combine(_folder["models"], "bad"), "card.json"), """{"id": "bad", "colour": "red"}""");
        TinyRepositories.Encoder.With("card.json", """{"id": "worse", "kind": "chat", "architecture": "llama", "licence": "x", "source": "x", "files": [{"path": "../../secret", "bytes": 1}]}""").Write(Path.Combine(_folder["models"], "worse"));

        Assert.Equal("good", Assert.Single(_library.List()).Id);
        Assert.Collection(
            _library.Problems(),
            problem => Assert.Contains("is not a valid card", problem, StringComparison.Ordinal),
            problem => Assert.Contains("lists the file '../../secret'", problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AGgufFileIsAddedUnderItsName()
    {
        File.Copy(TinyDecoder, _folder["Tiny-Llama.Q8_0.gguf"]);

        var card = await _library.AddAsync(_folder["Tiny-Llama.Q8_0.gguf"], null, null, TestContext.Current.CancellationToken);

        Assert.Equal(("tiny-llama.q8_0", ModelKind.Chat, "llama"), (card.Id, card.Kind, card.Architecture));
        Assert.Equal(File.ReadAllBytes(TinyDecoder), File.ReadAllBytes(card.WeightsPath));
        Assert.Equivalent(card, _library.Find(card.Id));
        Assert.Single(Directory.GetDirectories(_library.Folder));
    }

    [Fact]
    public async Task AModelWithASentencePieceTokenizerIsTaken()
    {
        File.WriteAllBytes(_folder["spm.gguf"], Chats.GgufBytes.Write([("general.architecture", "llama"), ("llama.context_length", 4096u), .. Tokenizers.SentencePieceGoldens.Metadata()]));

        var card = await _library.AddAsync(_folder["spm.gguf"], null, null, TestContext.Current.CancellationToken);

        Assert.Equal(("spm", 4096), (card.Id, card.ContextTokens));
    }

    [Fact]
    public async Task AnIdIsTakenOnce()
    {
        await _library.AddAsync(TinyDecoder, new AddModelOptions { Id = "one" }, null, TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync(TinyDecoder, new AddModelOptions { Id = "one" }, null, TestContext.Current.CancellationToken));

        Assert.Contains("'domaintuning models remove one', or add this one under another name with --id", error.Message, StringComparison.Ordinal);
        Assert.Equal("two", (await _library.AddAsync(TinyDecoder, new AddModelOptions { Id = "two" }, null, TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public async Task ALocalFolderIsCopiedWithWhatItNeeds()
    {
        var source = TinyRepositories.Encoder.With("pytorch_model.bin", "big").With("LICENSE", "MIT").Write(_folder["Tiny Encoder"]);

        var card = await _library.AddAsync(source, null, null, TestContext.Current.CancellationToken);

        Assert.Equal("tiny-encoder", card.Id);
        Assert.True(File.Exists(card.FullPath("1_Pooling/config.json")));
        Assert.Contains(card.Files, file => file.Path == "LICENSE");
        Assert.DoesNotContain(card.Files, file => file.Path == "pytorch_model.bin");
        Assert.All(card.Files, file => Assert.NotNull(file.Sha256));
    }

    [Fact]
    public async Task AFolderWithACardIsTakenAsItsCardSaysAndItsHashesAreChecked()
    {
        var first = await _library.AddAsync(TinyDecoder, new AddModelOptions { Id = "first" }, null, TestContext.Current.CancellationToken);
        var second = await _library.AddAsync(first.Folder, new AddModelOptions { Id = "second" }, null, TestContext.Current.CancellationToken);
        using (var stream = File.OpenWrite(first.WeightsPath)) stream.WriteByte((byte)'g');

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync(first.Folder, new AddModelOptions { Id = "third" }, null, TestContext.Current.CancellationToken));

        Assert.Equal(first.Weights, second.Weights);
        Assert.Contains("is not a GGUF file", error.Message, StringComparison.Ordinal);
        Assert.Equal(["first", "second"], _library.List().Select(card => card.Id));
    }

    [Fact]
    public async Task LinksAreFollowedAsInTheHubsCache()
    {
        Directory.CreateDirectory(_folder["snapshot"]);
        try
        {
            File.CreateSymbolicLink(Path.Combine(_folder["snapshot"], "model.gguf"), TinyDecoder);
        }
        catch (IOException error)
        {
            Assert.Skip($"Needs symbolic links, which this account may not make: {error.Message}");
        }

        var card = await _library.AddAsync(_folder["snapshot"], null, null, TestContext.Current.CancellationToken);

        Assert.Equal(new FileInfo(TinyDecoder).Length, card.Weights.Bytes);
        Assert.Empty(await card.VerifyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AChangedFileIsFoundByVerifying()
    {
        var card = await _library.AddAsync(TinyRepositories.Encoder.Write(_folder["tiny"]), null, null, TestContext.Current.CancellationToken);
        File.WriteAllText(card.FullPath("tokenizer.json"), "[]");
        File.WriteAllText(card.FullPath("config.json"), "{}");
        File.Delete(card.WeightsPath);

        var findings = await card.VerifyAsync(TestContext.Current.CancellationToken);

        Assert.Collection(
            findings,
            finding => Assert.Contains("is missing. Remove the model with 'domaintuning models remove tiny' and add it again.", finding, StringComparison.Ordinal),
            finding => Assert.Contains("the card says", finding, StringComparison.Ordinal),
            finding => Assert.Contains("has 2 bytes, the card says", finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARemovedModelIsGoneWithItsFiles()
    {
        var card = await _library.AddAsync(TinyDecoder, new AddModelOptions { Id = "one" }, null, TestContext.Current.CancellationToken);

        _library.Remove("one");

        Assert.False(Directory.Exists(card.Folder));
        Assert.Empty(_library.List());
        Assert.Throws<CheckpointException>(() => _library.Remove("one"));
    }

    [Fact]
    public async Task ADamagedGgufIsNotAdded()
    {
        File.WriteAllBytes(_folder["cut.gguf"], File.ReadAllBytes(TinyDecoder)[..^5000]);

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync(_folder["cut.gguf"], null, null, TestContext.Current.CancellationToken));

        Assert.Contains("but the file ends at", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_library.Folder));
    }

    [Theory]
    [InlineData("no/such/folder/at/all")]
    [InlineData("./absent")]
    [InlineData("absent.gguf")]
    [InlineData("some/absent.gguf")]
    public async Task ASourceThatIsNothingSaysWhatASourceMayBe(string source)
    {
        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync(source, new AddModelOptions { Offline = true }, null, TestContext.Current.CancellationToken));

        Assert.Contains("is no existing folder or .gguf file, and no Hugging Face id either", error.Message, StringComparison.Ordinal);
    }
}

using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>Chat models as Hugging Face repositories ship them: which files are taken, what the card says, what is refused before the weights are fetched.</summary>
public sealed class SafetensorsModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelLibrary _library;

    public SafetensorsModelTests() => _library = new ModelLibrary(_folder["models"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AFolderBecomesAModelWithAllThatItNeeds()
    {
        var card = await Add(TinyRepositories.Chat);

        Assert.Equal((ModelKind.Chat, "llama", 512, 320L * 64 + 64, "BF16", "tokenizer_config.json"), (card.Kind, card.Architecture, card.ContextTokens, card.Parameters, card.Quantisation, card.ChatTemplate));
        Assert.Equal("model.safetensors", card.Weights.Path);
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"], card.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal([2], ChatConventions.FromFolder(card.Folder).StopTokens);
        Assert.Empty(await card.VerifyAsync(TestContext.Current.CancellationToken));
        Assert.Equivalent(card, _library.Find(card.Id));
    }

    [Fact]
    public async Task PartsAreTakenWithTheIndexThatNamesThem()
    {
        var card = await Add(TinyRepositories.ShardedChat);

        Assert.Equal("model.safetensors.index.json", card.Weights.Path);
        Assert.Equal(320L * 64 + 64, card.Parameters);
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], card.Files.Select(file => file.Path).Where(path => path.EndsWith("s.safetensors", StringComparison.Ordinal) || path.Contains("-of-", StringComparison.Ordinal)));
    }

    [Fact]
    public void AFolderWithoutACardIsAModelToo()
    {
        TinyRepositories.ShardedChat.Write(_folder["anywhere"]);

        var card = ModelLibrary.Open(_folder["anywhere"]);

        Assert.Equal(("anywhere", ModelKind.Chat, 320L * 64 + 64), (card.Id, card.Kind, card.Parameters));
    }

    [Fact]
    public async Task AHubIsNotAskedForMoreThanTheModelNeeds()
    {
        using var hub = new LoopbackHub();
        foreach (var (path, content) in TinyRepositories.ShardedChat) hub.Files[path] = content;
        var options = new AddModelOptions { Endpoint = hub.Endpoint, RetryDelay = TimeSpan.Zero };

        var card = await _library.AddAsync("someone/tiny-model", options, null, TestContext.Current.CancellationToken);

        Assert.Equal("model.safetensors.index.json", card.Weights.Path);
        Assert.DoesNotContain(hub.Requests, request => request.Contains("consolidated", StringComparison.Ordinal) || request.Contains("README", StringComparison.Ordinal));
        Assert.Empty(await card.VerifyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task OfGgufAndSafetensorsTheGgufFileIsTakenUnlessTheOtherIsNamed()
    {
        TinyRepositories.Chat.Write(_folder["both"]);
        File.Copy(Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf"), Path.Combine(_folder["both"], "x.gguf"));

        var gguf = await _library.AddAsync(_folder["both"], new AddModelOptions { Id = "one" }, null, TestContext.Current.CancellationToken);
        var safetensors = await _library.AddAsync(_folder["both"], new AddModelOptions { Id = "two", File = "model.safetensors" }, null, TestContext.Current.CancellationToken);

        Assert.Equal("x.gguf", gguf.Weights.Path);
        Assert.Equal("model.safetensors", safetensors.Weights.Path);
    }

    public static TheoryData<string, string?, string> Unusable => new()
    {
        { "config.json", With("\"llama\"", "\"gemma3\""), "of the type 'gemma3', which cannot run here; supported are llama, qwen2, qwen3, mistral, phi3, gemma3_text" },
        { "config.json", With("\"eos_token_id\"", "\"num_local_experts\": 8, \"eos_token_id\""), "is a mixture of 8 experts" },
        { "config.json", With("\"eos_token_id\"", "\"quantization_config\": {\"quant_method\": \"gptq\"}, \"eos_token_id\""), "is quantised by gptq" },
        { "config.json", With("\"eos_token_id\"", "\"quantization_config\": {\"quant_method\": \"awq\"}, \"eos_token_id\""), "is quantised by awq" },
        { "config.json", With("LlamaForCausalLM", "LlavaForConditionalGeneration"), "is a LlavaForConditionalGeneration, not a …ForCausalLM" },
        { "model.safetensors", null, "without a .gguf file and without model.safetensors" },
        { "tokenizer.json", null, "lacks tokenizer.json (and tokenizer.model)" },
        { "tokenizer.json", """{"model": {"type": "WordLevel"}}""", "of the kind 'WordLevel'" },
        { "model.safetensors.index.json", """{"weight_map": {"a": "model-00001-of-00002.safetensors"}}""", "lacks the part 'model-00001-of-00002.safetensors'" },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task WhatCannotRunIsRefusedByNameBeforeAnythingIsCopied(string path, string? text, string expected)
    {
        var error = await Assert.ThrowsAsync<CheckpointException>(() => Add(TinyRepositories.Chat.With(path, text)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_library.Folder));
    }

    [Fact]
    public async Task WeightsAsIntegersAreNotTakenForAModel()
    {
        var files = TinyRepositories.Chat;
        files["model.safetensors"] = TinyRepositories.Safetensors(("model.layers.0.mlp.up_proj.qweight", "I32", [8, 8]));

        Assert.Contains("weights as integers", (await Assert.ThrowsAsync<CheckpointException>(() => Add(files))).Message, StringComparison.Ordinal);
        Assert.Empty(_library.List());
    }

    private async Task<ModelCard> Add(Dictionary<string, byte[]> files) =>
        await _library.AddAsync(files.Write(_folder["tiny"]), null, null, TestContext.Current.CancellationToken);

    private static string With(string before, string after) => TinyRepositories.LlamaConfig.Replace(before, after, StringComparison.Ordinal);
}

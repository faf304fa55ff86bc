using DomainTuning.Adapters;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterImportTests : IAsyncLifetime
{
    private readonly TinyChatFolder tiny = new("base-llama");
    private OnnxChatClient client = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private AdapterFolders Folders => new("tiny", tiny["adapters"]);

    public async ValueTask InitializeAsync() => client = await OnnxChatClient.LoadAsync(
        tiny.Path, tiny["cache"], new ChatEngineOptions { Form = WeightForm.Float32, ContextTokens = 64, Threads = 1, Adapters = Folders }, null, Cancelled);

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        tiny.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task APeftFolderIsServedAtOnceAndItsCardSaysThatNothingIsKnown()
    {
        var imported = await ImportAsync(Fixtures.Path("adapters", "lora-rslora"), "mine");

        Assert.Contains("mine", client.Adapters);
        Assert.True((await client.LoadAdapterAsync("mine", Cancelled)).Inputs > 0);
        var card = AdapterCard.Read(imported.Place.Path)!;
        Assert.Equal((2, "rslora", AdapterCard.Unknown, AdapterCard.Unknown, client.Identity.BaseSha256), (card.Format, card.Method, card.TemplateSha256, card.TokenizerSha256, card.BaseSha256));
        Assert.Contains("names the base 'base-llama'", card.Origin, StringComparison.Ordinal);
        Assert.Null(card.DataSha256);
        Assert.DoesNotContain("golden.json", Directory.EnumerateFiles(imported.Place.Path).Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public async Task ALoraGgufBecomesAPeftFolderWithItsLogits()
    {
        AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter("lora-r16-all"), tiny["made-elsewhere.gguf"], Cancelled);

        var imported = await ImportAsync(tiny["made-elsewhere.gguf"]);

        Assert.Equal("made-elsewhere", imported.Place.Name);
        using var model = new AdapterBase("base-llama");
        using var adapter = model.Load(PeftFolder.Read(imported.Place.Path, model.Checkpoint.Shape));
        AdapterGolden.Check(AdapterGolden.Read("lora-r16-all").Json.GetProperty("adapter_enabled"), model, adapter);
    }

    [Fact]
    public async Task AnOnnxAdapterIsTakenAsItIs()
    {
        await ImportAsync(Fixtures.Path("adapters", "lora-dora"), "dora");
        await client.ExportAdapterAsync("dora", tiny["dora.onnx_adapter"], Cancelled);

        var imported = await ImportAsync(tiny["dora.onnx_adapter"], "again");

        Assert.Equal(File.ReadAllBytes(tiny["dora.onnx_adapter"]), File.ReadAllBytes(imported.Place.Path));
        Assert.Contains("again", client.Adapters);
    }

    [Fact]
    public async Task AnAdapterWithACardKeepsItAndIsHeldToIt()
    {
        var (checkpoint, template, tokenizer) = client.Identity;
        AdapterMergeTests.CopyAdapter("lora-r8-attn", tiny["trained"]);
        var card = new AdapterCard { BaseModel = "tiny", BaseSha256 = checkpoint, TemplateSha256 = template, TokenizerSha256 = tokenizer, Method = "lora", PerplexityAfter = 7 };
        card.Write(tiny["trained"]);

        var imported = await ImportAsync(tiny["trained"]);
        (card with { BaseSha256 = "0" }).Write(tiny["trained"]);
        var error = await Assert.ThrowsAsync<AdapterException>(() => ImportAsync(tiny["trained"], "other"));

        Assert.Null(imported.Origin);
        Assert.Equal((1, 7d), (AdapterCard.Read(imported.Place.Path)!.Format, AdapterCard.Read(imported.Place.Path)!.PerplexityAfter!.Value));
        Assert.Contains("another checkpoint", error.Message, StringComparison.Ordinal);
        Assert.Equal(["trained"], client.Adapters);
    }

    [Fact]
    public async Task WhatIsNoAdapterOfThisModelIsRefusedAndLeavesNothing()
    {
        AdapterMergeTests.CopyAdapter("lora-r8-attn", tiny["damaged"]);
        File.WriteAllText(Path.Combine(tiny["damaged"], PeftFolder.TensorsName), "no tensors");
        Directory.CreateDirectory(tiny["empty"]);
        using (var other = new TinyChatFolder("base-qwen2")) AdapterExport.LoraGguf(other.Model, TinyChatFolder.Adapter("lora-qwen2-all"), tiny["qwen.gguf"], Cancelled);

        foreach (var (source, name, expected) in new[]
                 {
                     (Fixtures.Path("adapters", "lora-embed-auto"), null, null), // fits: the base is this one
                     (tiny["damaged"], null, "safetensors"),
                     (tiny["empty"], null, PeftConfig.FileName),
                     (tiny["qwen.gguf"], null, "architecture 'qwen2'"),
                     (tiny["nowhere"], null, "nothing at"),
                     (Fixtures.Path("adapters", "prompts.json"), null, "no adapter that can be imported"),
                     (Fixtures.Path("adapters", "lora-r8-attn"), "lora-embed-auto", "already"),
                     (Fixtures.Path("adapters", "lora-r8-attn"), "a b", "--as"),
                     (Fixtures.Path("adapters", "lora-r8-attn"), ".hidden", "--as"),
                 })
        {
            if (expected is null) await ImportAsync(source, name);
            else Assert.Contains(expected, (await Assert.ThrowsAsync<AdapterException>(() => ImportAsync(source, name))).Message, StringComparison.Ordinal);
        }

        Assert.Equal([Path.Combine(tiny["adapters"], "lora-embed-auto")], Directory.EnumerateFileSystemEntries(tiny["adapters"]));
    }

    private Task<ImportedAdapter> ImportAsync(string source, string? name = null) => AdapterImport.RunAsync(tiny.Model, client, Folders, source, name, Cancelled);
}

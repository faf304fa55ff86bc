using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterExportTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("lora-r8-attn")]
    [InlineData("lora-r8-attn-bf16")]
    [InlineData("lora-r16-all")]
    [InlineData("lora-layers")]
    [InlineData("lora-rslora")] // alpha / √r
    [InlineData("lora-rank-pattern")] // several ranks and scalings
    [InlineData("lora-qwen2-all")] // rows as they are
    [InlineData("lora-lmhead")]
    public void ALoraGgufGivesPeftsLogitsWhenItIsReadAgain(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var tiny = new TinyChatFolder(golden.Base);
        if (name == "lora-lmhead" && tiny.Model.Checkpoint.Shape.Tied)
        {
            Assert.Contains("lm_head", Assert.Throws<AdapterException>(() => AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter(name), tiny["x.gguf"], Cancelled)).Message, StringComparison.Ordinal);
            return;
        }

        var report = AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter(name), tiny["x.gguf"], Cancelled);

        Assert.InRange(report.LargestDifference, 0, 1e-4);
        Assert.True(File.Exists(AdapterExport.ParityFile(tiny["x.gguf"])));
        using var model = new AdapterBase(golden.Base);
        using var back = model.Load(LoraGguf.Read(tiny["x.gguf"], model.Checkpoint));
        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, back);
    }

    [Fact]
    public void AnAdapterWithOneScalingIsWrittenBitForBitAsLlamaCppsConverterDoes()
    {
        using var tiny = new TinyChatFolder("base-llama");
        AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter("lora-r8-attn"), tiny["x.gguf"], Cancelled);

        using var gguf = GgufFile.Open(tiny["x.gguf"]);
        using var peft = SafetensorsFile.Open(Fixtures.Path("adapters", "lora-r8-attn", PeftFolder.TensorsName));
        float[] Peft(string name) => peft.Read(peft.Tensor("base_model.model.model.layers.1.self_attn." + name));
        float[] Gguf(string name) => gguf.Read(gguf.Tensor("blk.1." + name));
        Assert.Equal(("llama", "adapter", "lora", 16f), (gguf.Metadata.String("general.architecture"), gguf.Metadata.String("general.type"), gguf.Metadata.String("adapter.type"), gguf.Metadata.Float("adapter.lora.alpha")));
        Assert.Equal(Peft("q_proj.lora_A.weight"), Gguf("attn_q.weight.lora_a"));
        Assert.Equal(Peft("v_proj.lora_B.weight"), Gguf("attn_v.weight.lora_b"));
        var (own, theirs) = (Peft("q_proj.lora_B.weight").Chunk(8).ToArray(), Gguf("attn_q.weight.lora_b").Chunk(8).ToArray());
        // Of each head of 16 rows: 0, 8, 1, 9, … (LlamaModel.permute in convert_hf_to_gguf.py).
        Assert.Equal(Enumerable.Range(0, 64).SelectMany(row => own[row / 16 * 16 + row % 2 * 8 + row % 16 / 2]), theirs.SelectMany(row => row));
    }

    [Fact]
    public void OfAnUntiedModelTheEmbeddingAndTheHeadTravelToo()
    {
        using var tiny = new TinyChatFolder("base-llama-untied");
        using var model = new AdapterBase("base-llama-untied");
        var shape = model.Checkpoint.Shape;
        var random = new Random(3);
        var adapter = RandomAdapter.Make("x", shape, 4, 7);
        var both = ModulePlace.All(shape, fused: false).Where(place => place.Site >= AdapterSite.Embedding).Select(place => new LoraModule(place)).Select(module => module with
        {
            Rank = 3,
            A = [.. Enumerable.Range(0, 3 * module.In).Select(_ => random.NextSingle() - 0.5f)],
            B = [.. Enumerable.Range(0, 3 * module.Out).Select(_ => random.NextSingle() - 0.5f)],
        });
        adapter = adapter with { Modules = adapter.Modules.Values.Concat(both).ToDictionary(module => module.Place.Name) };

        LoraGguf.Write(adapter, model.Checkpoint, tiny["x.gguf"], "x");

        using LoadedAdapter before = model.Load(adapter), after = model.Load(LoraGguf.Read(tiny["x.gguf"], model.Checkpoint));
        var ids = AdapterBase.Prompts()["p20"];
        Assert.InRange(model.Logits(ids, before).Zip(model.Logits(ids, after), (x, y) => Math.Abs(x - y)).Max(), 0, 1e-4);
        using var file = GgufFile.Open(tiny["x.gguf"]);
        Assert.Equal([320L, 3L], file.Tensor("token_embd.weight.lora_a").Shape); // as llama.cpp looks rows of it up
    }

    [Theory]
    [InlineData("lora-dora", "DoRA")]
    [InlineData("lora-bias", "biases")]
    [InlineData("lora-bias-b", "biases")]
    [InlineData("lora-save-lmhead", "modules_to_save")]
    [InlineData("lora-save-embed-lmhead", "modules_to_save")]
    [InlineData("lora-embed", "embed_tokens")] // the base is tied
    public void WhatALoraGgufCannotHoldIsRefusedByName(string name, string expected)
    {
        using var tiny = new TinyChatFolder(AdapterGolden.Read(name).Base);

        var error = Assert.Throws<AdapterException>(() => AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter(name), tiny["out/x.gguf"], Cancelled));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(tiny["out"]));
    }

    [Fact]
    public void ALoraGgufOfAnotherModelIsRefusedWithTheReason()
    {
        using var tiny = new TinyChatFolder("base-llama");
        AdapterExport.LoraGguf(tiny.Model, TinyChatFolder.Adapter("lora-r8-attn"), tiny["x.gguf"], Cancelled);

        using var qwen = DecoderCheckpoint.Open(Fixtures.Path("adapters", "base-qwen2"));
        Assert.Contains("architecture 'llama'", Assert.Throws<AdapterException>(() => LoraGguf.Read(tiny["x.gguf"], qwen)).Message, StringComparison.Ordinal);
        using var wider = DecoderCheckpoint.Open(Fixtures.Path("gguf", "models", "tiny-llama3-f32.gguf"));
        var error = Assert.Throws<AdapterException>(() => LoraGguf.Read(tiny["x.gguf"], wider));
        Assert.True(error.Message.Contains("another model", StringComparison.Ordinal) || error.Message.Contains("changes nothing", StringComparison.Ordinal), error.Message);
        Assert.Contains("models add", Assert.Throws<AdapterException>(() => LoraGguf.Read(Fixtures.Path("gguf", "models", "tiny-llama-f32.gguf"), qwen)).Message, StringComparison.Ordinal);
        File.WriteAllText(tiny["y.gguf"], "GGUF or not");
        Assert.Contains("GGUF", Assert.Throws<AdapterException>(() => LoraGguf.Read(tiny["y.gguf"], qwen)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora-rank-pattern")]
    [InlineData("lora-rslora")]
    [InlineData("lora-dora")]
    [InlineData("lora-bias")]
    [InlineData("lora-save-embed-lmhead")]
    public void APeftExportGivesPeftsLogits(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var tiny = new TinyChatFolder(golden.Base);

        AdapterExport.Peft(tiny.Model, TinyChatFolder.Adapter(name), tiny["x"], Cancelled);

        using var model = new AdapterBase(golden.Base);
        using var back = model.Load(PeftFolder.Read(tiny["x"], model.Checkpoint.Shape));
        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, back);
        Assert.True(File.Exists(Path.Combine(tiny["x"], ParityReport.FileName)));
    }
}

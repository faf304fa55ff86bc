using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterMergeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(PeftGoldenTests.All), MemberType = typeof(PeftGoldenTests))]
    public void AModelWithAnAdapterMergedIntoItsFilesGivesPeftsLogits(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var tiny = new TinyChatFolder(golden.Base);

        var report = AdapterMerge.IntoModel(tiny.Model, [new(TinyChatFolder.Adapter(name))], float32: false, tiny["merged"], cancellationToken: Cancelled);

        Assert.True(report is { Passed: true, Form: WeightForm.Float32, Prompts: 8 } && report.Effect > 100 * report.Tolerance, report.ToString());
        using var merged = new AdapterBase(DecoderCheckpoint.Open(tiny["merged"]));
        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), merged, null);
    }

    [Fact]
    public void EverySumOfTheGoldensGivesItsLogitsAsANewAdapterAndMerged()
    {
        using var tiny = new TinyChatFolder("base-llama");
        using var model = new AdapterBase("base-llama");
        var done = 0;
        foreach (var json in AdapterGolden.Read("lora-combined").Json.GetProperty("cases").EnumerateArray())
        {
            var kind = json.GetProperty("combination_type").GetString();
            if (kind is not ("cat" or "svd") || json.GetProperty("new_config").GetProperty("use_rslora").GetBoolean()) continue;
            WeightedAdapter[] parts = [.. json.GetProperty("adapters").EnumerateArray().Zip(json.GetProperty("weights").EnumerateArray(), (name, weight) => new WeightedAdapter(TinyChatFolder.Adapter(name.GetString()!), weight.GetDouble()))];
            int? rank = kind == "cat" ? null : json.GetProperty("options").TryGetProperty("svd_rank", out var asked) ? asked.GetInt32() : 8;
            var folder = tiny[$"sum{done++}"];

            AdapterMerge.IntoAdapter(tiny.Model, parts, rank, folder, Cancelled);

            using var sum = model.Load(PeftFolder.Read(folder, model.Checkpoint.Shape));
            AdapterGolden.Check(json.GetProperty("results"), model, sum);
            if (kind != "cat") continue;
            AdapterMerge.IntoModel(tiny.Model, parts, float32: true, folder + "-model", cancellationToken: Cancelled);
            using var merged = new AdapterBase(DecoderCheckpoint.Open(folder + "-model"));
            AdapterGolden.Check(json.GetProperty("results"), merged, null);
        }

        Assert.True(done >= 4, $"{done} cases");
    }

    [Fact]
    public void ANewAdapterSaysWhatItIsMadeOf()
    {
        using var tiny = new TinyChatFolder("base-llama");

        AdapterMerge.IntoAdapter(tiny.Model, [new(TinyChatFolder.Adapter("lora-r8-attn"), 0.5), new(TinyChatFolder.Adapter("lora-r8-attn-b"), -0.25)], rank: 6, tiny["adapters/mix"], Cancelled);

        var card = AdapterCard.Read(tiny["adapters/mix"])!;
        Assert.Equal((2, "tiny", 6, "merged: 0.5 · lora-r8-attn + -0.25 · lora-r8-attn-b, cut to rank 6", AdapterCard.Unknown), (card.Format, card.BaseModel, card.Rank, card.Origin, card.TemplateSha256));
        using var parity = JsonDocument.Parse(File.ReadAllText(tiny["adapters/mix/parity.json"]));
        Assert.True(parity.RootElement.GetProperty("passed").GetBoolean());
        Assert.InRange(parity.RootElement.GetProperty("largest_difference").GetDouble(), 0, 1e-3);
        Assert.Equal("mix", Assert.Single(new AdapterFolders("tiny", tiny["adapters"]).All()).Name);
    }

    [Fact]
    public void AnAdapterOfAnyKindBecomesANewOneAsItIs()
    {
        using var tiny = new TinyChatFolder("base-llama");

        AdapterMerge.IntoAdapter(tiny.Model, [new(TinyChatFolder.Adapter("lora-dora"))], rank: null, tiny["copy"], Cancelled);

        Assert.Equal("dora", AdapterCard.Read(tiny["copy"])!.Method);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("adapters", "lora-dora", PeftFolder.TensorsName)), File.ReadAllBytes(Path.Combine(tiny["copy"], PeftFolder.TensorsName)));
        Assert.Contains("DoRA", Assert.Throws<AdapterException>(() => AdapterMerge.IntoAdapter(tiny.Model, [new(TinyChatFolder.Adapter("lora-dora"), 0.5)], null, tiny["half"], Cancelled)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMergedGgufModelIsAddedToALibraryAndAnswersAsItsBaseWithTheAdapterDoes()
    {
        using var folder = new TemporaryFolder();
        var gguf = Fixtures.Path("gguf", "models", "tiny-llama-f32.gguf");
        using var model = BaseModel.Open("tiny", gguf, folder["cache"], threads: 1);
        AdapterMerge.IntoModel(model, [new(TinyChatFolder.Adapter("lora-r16-all"))], float32: true, folder["merged"], cancellationToken: Cancelled);
        var card = await new ModelLibrary(folder["models"]).AddAsync(folder["merged"], new AddModelOptions { Id = "merged" }, null, Cancelled);

        Directory.CreateDirectory(folder["adapters"]);
        CopyAdapter("lora-r16-all", Path.Combine(folder["adapters"], "x"));
        var options = new ChatEngineOptions { Form = WeightForm.Float32, ContextTokens = 128, Threads = 1, Drafting = false, Adapters = new AdapterFolders("tiny-llama-f32", folder["adapters"]) };
        using var beside = await OnnxChatClient.LoadAsync(gguf, folder["cache"], options, null, Cancelled);
        using var merged = await OnnxChatClient.LoadAsync(card.Folder, folder["cache"], options with { Adapters = null }, null, Cancelled);
        var asked = new ChatOptions { MaxOutputTokens = 24 };
        var plain = await beside.GetResponseAsync("Is the valve open?", asked, Cancelled);
        var expected = await beside.WithAdapter("x").GetResponseAsync("Is the valve open?", asked, Cancelled);
        var actual = await merged.GetResponseAsync("Is the valve open?", asked, Cancelled);

        Assert.NotEqual(plain.Text, expected.Text);
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal((beside.Identity.TemplateSha256, beside.Identity.TokenizerSha256), (merged.Identity.TemplateSha256, merged.Identity.TokenizerSha256));
    }

    [Theory]
    [InlineData("lora-r8-attn", TensorType.BF16)]
    public void SixteenBitWeightsStaySixteenBitUnlessAllDigitsAreAskedFor(string name, TensorType type)
    {
        using var tiny = new TinyChatFolder("base-llama");
        Rewrite(tiny.Path, type);
        using var model = BaseModel.Open("tiny", tiny.Path, tiny["cache"], threads: 1);

        AdapterMerge.IntoModel(model, [new(TinyChatFolder.Adapter(name))], float32: false, tiny["short"], cancellationToken: Cancelled);
        AdapterMerge.IntoModel(model, [new(TinyChatFolder.Adapter(name))], float32: true, tiny["long"], cancellationToken: Cancelled);

        foreach (var (folder, expected) in new[] { ("short", type), ("long", TensorType.F32) })
        {
            using var file = ShardedTensors.OpenFolder(tiny[folder]);
            Assert.All(file.Tensors, tensor => Assert.Equal(expected, tensor.Type));
        }
    }

    [Fact]
    public void WhatIsBrokenOffLeavesNothingThatCouldBeTakenForAResult()
    {
        using var tiny = new TinyChatFolder("base-llama");
        using var source = new CancellationTokenSource();
        var stop = new Stop(0.5, source);

        Assert.Throws<OperationCanceledException>(() => AdapterMerge.IntoModel(tiny.Model, [new(TinyChatFolder.Adapter("lora-r8-attn"))], true, tiny["out/merged"], stop, source.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(tiny["out"]));

        // A killed process cannot clean up: its folder has a name that nothing lists, and the next try takes it away.
        Directory.CreateDirectory(tiny["out/.mix.new/check"]);
        File.WriteAllText(tiny["out/.mix.new/adapter_config.json"], "{");
        Assert.Empty(new AdapterFolders("tiny", tiny["out"]).All());
        AdapterMerge.IntoAdapter(tiny.Model, [new(TinyChatFolder.Adapter("lora-r8-attn"))], null, tiny["out/mix"], Cancelled);
        Assert.Equal([tiny["out/mix"]], Directory.EnumerateFileSystemEntries(tiny["out"]));
    }

    [Fact]
    public void AResultIsNeverWrittenOverAnother()
    {
        using var tiny = new TinyChatFolder("base-llama");
        Directory.CreateDirectory(tiny["there"]);

        var error = Assert.Throws<AdapterException>(() => AdapterMerge.IntoModel(tiny.Model, [new(TinyChatFolder.Adapter("lora-r8-attn"))], false, tiny["there"], cancellationToken: Cancelled));
        Assert.Contains("exists already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AResultThatIsNotTheAdapterFailsItsCheck()
    {
        using var tiny = new TinyChatFolder("base-llama");
        var (right, wrong) = (PeftFolder.Read(Fixtures.Path("adapters", "lora-r8-attn"), tiny.Model.Checkpoint.Shape), PeftFolder.Read(Fixtures.Path("adapters", "lora-r8-attn-b"), tiny.Model.Checkpoint.Shape));
        using var check = new ParityCheck(tiny.Model, right, tiny["check"], Cancelled);

        var report = check.Compare(wrong, "one and another");

        Assert.False(report.Passed);
        Assert.True(report.MeanDivergence > 0.1);
        Assert.Contains("nothing was kept", Assert.Throws<AdapterException>(report.OrThrow).Message, StringComparison.Ordinal);
        Assert.True(check.Compare(right, "one and itself").LargestDifference == 0);
    }

    internal static void CopyAdapter(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in new[] { PeftConfig.FileName, PeftFolder.TensorsName }) File.Copy(Fixtures.Path("adapters", name, file), Path.Combine(folder, file));
    }

    private static void Rewrite(string folder, TensorType type)
    {
        var path = Path.Combine(folder, "model.safetensors");
        File.Move(path, path + ".old");
        using (var source = SafetensorsFile.Open(path + ".old"))
        using (var writer = new SafetensorsWriter(path, [.. source.Tensors.Select(tensor => (tensor.Name, tensor.Shape.ToArray()))], type))
        {
            foreach (var tensor in source.Tensors) writer.Append(source.Read(tensor));
            writer.Complete();
        }

        File.Delete(path + ".old");
    }

    private sealed class Stop(double at, CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value > at) source.Cancel();
        }
    }
}

using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Trainer.Methods;
using DomainTuning.Training;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Tests.Methods;

/// <summary>Adapters that PEFT wrote compute here what they compute there, and what is written here is what PEFT writes.</summary>
[Collection("torch")] // its random numbers and its threads are shared
public sealed class AdapterTests
{
    public static TheoryData<string> Written => [.. Directory.GetDirectories(Fixtures.Path("adapters")).Where(folder => File.Exists(Path.Combine(folder, "golden.json")) && File.Exists(Path.Combine(folder, "adapter_config.json"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Written))]
    public void AnAdapterOfPeftGivesItsLogits(string name)
    {
        var golden = Goldens.Json("adapters", name, "golden.json");
        using var model = Goldens.Base(golden.TryGetProperty("base", out var named) ? named.GetString()! : "base-llama");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", name));
        var enabled = golden.GetProperty("adapter_enabled");
        void Check(JsonElement expected, string what) => Goldens.AssertResults(model, golden.GetProperty("prompts"), expected, 3e-4, 1e-3, $"{name}, {what}");

        Check(enabled, "on");
        adapter.Merge();
        adapter.Merge();
        Check(enabled, "merged");
        adapter.Unmerge();
        Check(enabled, "on again");
        adapter.Detach();
        // A trained bias stays in PEFT when the adapter is switched off; here it goes too.
        if (!name.StartsWith("lora-bias", StringComparison.Ordinal) && golden.TryGetProperty("adapter_disabled", out var disabled)) Check(disabled, "off");
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("cat")]
    [InlineData("svd8")]
    [InlineData("cat-mixed")]
    public void ACombinedAdapterIsReadLikeAnyOther(string folder)
    {
        var golden = Goldens.Json("adapters", "lora-combined", "golden.json");
        var expected = golden.GetProperty("cases").EnumerateArray().First(one => one.ToString().Contains($"\"{folder}\"", StringComparison.Ordinal) || one.ToString().Contains($"\"{folder}/", StringComparison.Ordinal));
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", "lora-combined", folder));

        Goldens.AssertResults(model, golden.GetProperty("prompts"), expected.GetProperty("results"), 3e-4, 1e-3, folder);
    }

    [Theory]
    [InlineData("lora-r16-all")]
    [InlineData("lora-dora")]
    [InlineData("lora-rank-pattern")]
    [InlineData("lora-layers")]
    [InlineData("lora-save-lmhead")]
    public void WhatIsSavedIsWhatPeftSaved(string name)
    {
        using var folder = new Scratch();
        using var model = Goldens.Base(Goldens.Json("adapters", name, "golden.json").GetProperty("base").GetString()!);
        using (var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", name))) adapter.Save(folder.Path, "base");

        var (theirs, ours) = (Goldens.Tensors("adapters", name, "adapter_model.safetensors"), Read(folder.Path));
        Assert.Equal(theirs.Keys.Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        foreach (var (key, (values, shape)) in theirs)
        {
            Assert.Equal(shape, ours[key].Shape);
            Assert.Equal(values, ours[key].Values);
        }

        var (written, original) = (Config(folder.Path), Goldens.Json("adapters", name, "adapter_config.json"));
        foreach (var field in written.EnumerateObject())
            if (field.Name is not ("base_model_name_or_path" or "auto_mapping"))
                Assert.Equal($"{field.Name}: {Canonical(original.GetProperty(field.Name))}", $"{field.Name}: {Canonical(field.Value)}");
    }

    [Fact]
    public void ANewAdapterChangesNothingUntilItIsTrained()
    {
        using var model = Goldens.Base("base-llama");
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var prompt = Goldens.Prompt([1, 120, 226, 137, 207]);
        var before = Goldens.Values(model.Logits(prompt));

        foreach (var method in new[] { new MethodRecipe(), new MethodRecipe { RankStabilised = true }, new MethodRecipe { Dora = true } })
        {
            using var adapter = AdapterModules.Apply(model, method, seed: 3);
            Assert.InRange(Goldens.LargestDifference(before, Goldens.Values(model.Logits(prompt))), 0, 1e-4f);
        }

        Assert.Equal(before, Goldens.Values(model.Logits(prompt)));
    }

    [Fact]
    public void FirstValuesAreThoseOfPeftAndComeFromTheSeed()
    {
        using var model = Goldens.Base("base-llama");
        float[] Start(long seed)
        {
            using var adapter = AdapterModules.Apply(model, new MethodRecipe { Rank = 8, Targets = ["q_proj"] }, seed);
            Assert.All(Goldens.Values(adapter.Parameters["model.layers.0.self_attn.q_proj.lora_B.weight"]), value => Assert.Equal(0, value));
            return Goldens.Values(adapter.Parameters["model.layers.0.self_attn.q_proj.lora_A.weight"]);
        }

        var first = Start(1);
        Assert.Equal(first, Start(1));
        Assert.NotEqual(first, Start(2));
        Assert.InRange(first.Max(), 0.11f, 0.125f); // 1/√64
        Assert.InRange(first.Min(), -0.125f, -0.11f);
    }

    [Fact]
    public void RanksAndLayersAreThoseOfTheRecipe()
    {
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Apply(model, new MethodRecipe { Rank = 4, Targets = ["q_proj", "down_proj"], Layers = [1, 2], RankPattern = new Dictionary<string, int> { ["down_proj"] = 2 } }, seed: 1);

        Assert.Equal(
            ["model.layers.1.mlp.down_proj [2, 160]", "model.layers.1.self_attn.q_proj [4, 64]", "model.layers.2.mlp.down_proj [2, 160]", "model.layers.2.self_attn.q_proj [4, 64]"],
            adapter.Parameters.Names.Where(name => name.EndsWith("lora_A.weight", StringComparison.Ordinal)).Select(name => $"{name[..^".lora_A.weight".Length]} [{string.Join(", ", adapter.Parameters[name].shape)}]"));
    }

    [Fact]
    public void ATargetThatTheModelHasNotIsNamed()
    {
        using var model = Goldens.Base("base-llama");
        var error = Assert.Throws<AdapterException>(() => AdapterModules.Apply(model, new MethodRecipe { Targets = ["q_proj", "w1"] }, seed: 1));
        Assert.Contains("'w1'", error.Message, StringComparison.Ordinal);
        Assert.Contains("down_proj", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFastProductIsTheFormula()
    {
        using var model = Goldens.Base("base-qwen2");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", "lora-qwen2-all"));
        using var scope = NewDisposeScope();
        var q = model.model.layers[0].self_attn.q_proj;
        var x = randn(7, 64).requires_grad_();

        var fast = q.forward(x);
        var plain = q.Adapter!.Forward(x, q.weight, q.bias);

        Assert.InRange(Goldens.LargestDifference(Goldens.Values(plain), Goldens.Values(fast)), 0, 1e-5f);
    }

    private static Dictionary<string, (float[] Values, long[] Shape)> Read(string folder)
    {
        using var file = DomainTuning.Checkpoints.Weights.SafetensorsFile.Open(Path.Combine(folder, PeftFiles.TensorsName));
        return file.Tensors.ToDictionary(tensor => tensor.Name, tensor => (file.Read(tensor), tensor.Shape.ToArray()));
    }

    private static JsonElement Config(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, PeftConfig.FileName)));
        return document.RootElement.Clone();
    }

    private static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble().ToString(System.Globalization.CultureInfo.InvariantCulture),
        JsonValueKind.Array => $"[{string.Join(",", value.EnumerateArray().Select(Canonical).Order(StringComparer.Ordinal))}]",
        JsonValueKind.Object => $"{{{string.Join(",", value.EnumerateObject().Select(one => $"{one.Name}:{Canonical(one.Value)}").Order(StringComparer.Ordinal))}}}",
        _ => value.ToString(),
    };
}

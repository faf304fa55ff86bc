using DomainTuning.Adapters;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterMixTests
{
    [Fact]
    public void EveryMixOfTheGoldensGivesItsLogits()
    {
        using var model = new AdapterBase("base-llama");
        var cases = AdapterGolden.Read("lora-combined").Json.GetProperty("cases").EnumerateArray().ToList();
        foreach (var json in cases)
        {
            // PEFT scales the result once more by the first adapter's rule, which README-adapters.md calls a defect.
            if (json.GetProperty("new_config").GetProperty("use_rslora").GetBoolean()) continue;
            MixPart[] parts = [.. json.GetProperty("adapters").EnumerateArray().Zip(json.GetProperty("weights").EnumerateArray(), (name, weight) => new MixPart(model.Read(name.GetString()!), weight.GetDouble()))];
            var options = json.GetProperty("options");
            int? rank = options.TryGetProperty("svd_rank", out var asked) ? asked.GetInt32() : null;
            using var mix = model.Load(json.GetProperty("combination_type").GetString() switch
            {
                "cat" => AdapterMix.Concatenate("mix", parts),
                "linear" => AdapterMix.AddFactors("mix", parts),
                "svd" => AdapterMix.Truncate("mix", parts, rank),
                var other => throw new NotSupportedException(other),
            });

            AdapterGolden.Check(json.GetProperty("results"), model, mix);
        }

        Assert.Equal(7, cases.Count);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("cat")]
    [InlineData("svd8")]
    [InlineData("cat-mixed")]
    public void ACombinedAdapterThatPeftSavedGivesItsLogits(string saved)
    {
        using var model = new AdapterBase("base-llama");
        using var adapter = model.Load("lora-combined/" + saved);
        var json = AdapterGolden.Read("lora-combined").Json.GetProperty("cases").EnumerateArray().Single(json => json.TryGetProperty("saved_as", out var name) && name.GetString() == saved);

        AdapterGolden.Check(json.GetProperty("results"), model, adapter);
    }

    [Fact]
    public void TwoAdaptersAtOnceAreTheSumOfTheirUpdates()
    {
        using var model = new AdapterBase("base-llama");
        var json = AdapterGolden.Read("lora-combined").Json.GetProperty("both_active");
        MixPart[] parts = [.. json.GetProperty("adapters").EnumerateArray().Select(name => new MixPart(model.Read(name.GetString()!), 1))];
        using var both = model.Load(AdapterMix.Concatenate("both", parts));

        AdapterGolden.Check(json.GetProperty("results"), model, both);
    }

    [Fact]
    public void AMixKeepsItsLogitsThroughAPeftFolder()
    {
        using var model = new AdapterBase("base-llama");
        using var folder = new TemporaryFolder();
        var mix = AdapterMix.Concatenate("mix", [new(model.Read("lora-rank-pattern"), 0.5), new(model.Read("lora-rslora"), -0.25)]);
        PeftExport.Write(mix, folder["mix"], "base-llama", model.Checkpoint.Shape);
        using LoadedAdapter before = model.Load(mix), after = model.Load(PeftFolder.Read(folder["mix"], model.Checkpoint.Shape));
        var ids = AdapterBase.Prompts()["p20"];

        var largest = model.Logits(ids, before).Zip(model.Logits(ids, after), (x, y) => Math.Abs(x - y)).Max();
        Assert.InRange(largest, 0, 1e-4);
    }

    [Fact]
    public void WhatHasNoWeightedSumIsRefused()
    {
        using var model = new AdapterBase("base-llama");

        var error = Assert.Throws<AdapterException>(() => AdapterMix.Concatenate("mix", [new(model.Read("lora-dora"), 1)]));
        Assert.Contains("DoRA", error.Message, StringComparison.Ordinal);
    }
}

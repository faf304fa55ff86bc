using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterInputsTests
{
    [Theory]
    [InlineData("lora-r16-all")]
    [InlineData("lora-dora")]
    [InlineData("lora-qwen2-all")]
    [InlineData("lora-bias")]
    [InlineData("lora-bias-b")]
    public void AnAdapterSeesTheSmoothingOfTheWeights(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var model = new AdapterBase(golden.Base, peaks: Peaks());
        using var adapter = model.Load(name);

        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, adapter);
    }

    [Fact]
    public void AGraphWithRoomForAnAdapterComputesTheBaseWhenNothingIsBound()
    {
        using var model = new AdapterBase("base-qwen2");
        using var adapter = model.Load("lora-qwen2-all");
        using var nothing = new Unbound(adapter.Parts, model.Session.Shape);
        var ids = AdapterBase.Prompts()["p20"];

        Assert.Equal(model.Logits(ids), model.Logits(ids, nothing.Adapter));
    }

    [Fact]
    public void AdaptersTakeTurnsOverOneCacheWithoutATrace()
    {
        using var model = new AdapterBase("base-llama");
        var ids = AdapterBase.Prompts()["p20"];
        using LoadedAdapter first = model.Load("lora-r16-all"), second = model.Load("lora-embed"), third = model.Load("lora-dora");
        LoadedAdapter?[] turns = [null, first, second, third];
        float[][] alone = [.. turns.Select(adapter => model.Logits(ids, adapter))];

        foreach (var turn in (int[])[3, 0, 1, 2, 1, 0, 3]) Assert.Equal(alone[turn], model.Logits(ids, turns[turn]));
        Assert.Equal(4, alone.Select(logits => logits[^1]).Distinct().Count());
    }

    [Fact]
    public void AMergedAdapterCanBeRequantised()
    {
        var ids = AdapterBase.Prompts()["p60"];
        using var exact = new AdapterBase("base-llama", merged: "lora-r16-all");
        using var coarse = new AdapterBase("base-llama", WeightForm.Blocks8, merged: "lora-r16-all");

        var (expected, actual) = (exact.Logits(ids), coarse.Logits(ids));

        var error = Math.Sqrt(expected.Zip(actual, (x, y) => Math.Pow(x - y, 2)).Average());
        Assert.InRange(error, 1e-4, 0.2); // 8-bit blocks of weights of magnitude 1; the adapter itself moves logits by 13
    }

    [Fact]
    public void MergingIntoTheEmbeddingOfATiedModelUntiesIt()
    {
        using var tied = new AdapterBase("base-llama", merged: "lora-r8-attn");
        using var untied = new AdapterBase("base-llama", merged: "lora-embed");

        Assert.True(tied.Session.Shape.Tied);
        Assert.False(untied.Session.Shape.Tied);
    }

    /// <summary>Uneven ones, so that a forgotten scale shows.</summary>
    private static ActivationPeaks[] Peaks()
    {
        var random = new Random(5);
        float[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)Math.Exp(4 * random.NextDouble()))];
        return [.. Enumerable.Range(0, 3).Select(_ => new ActivationPeaks(Some(64), Some(64), Some(64), Some(160)))];
    }

    /// <summary>An adapter that asks for a graph and binds nothing.</summary>
    private sealed class Unbound : IDisposable
    {
        public Unbound(AdapterParts parts, DecoderShape shape) => Adapter = new LoadedAdapter("nothing", [], shape, parts);

        public LoadedAdapter Adapter { get; }

        public void Dispose() => Adapter.Dispose();
    }
}

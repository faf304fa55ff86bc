using System.Numerics.Tensors;
using System.Text.Json;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class PeftGoldenTests
{
    /// <summary>Every adapter of the goldens that PEFT calls LORA.</summary>
    public static TheoryData<string> All =>
    [
        "lora-r8-attn", "lora-r8-attn-b", "lora-r8-attn-bf16", "lora-r16-all", "lora-rslora", "lora-rslora-folded", "lora-rank-pattern", "lora-rank-pattern-folded", "lora-layers",
        "lora-dora", "lora-embed", "lora-embed-auto", "lora-lmhead", "lora-save-lmhead", "lora-save-embed-lmhead", "lora-qwen2-all", "lora-bias", "lora-bias-b",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void AnAdapterGivesPeftsLogitsOnAndOff(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var model = new AdapterBase(golden.Base);
        using var adapter = model.Load(name);

        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, adapter);

        // PEFT leaves a trained base bias behind when it switches an adapter off (README-adapters.md); here off is off.
        if (golden.Json.TryGetProperty("adapter_disabled", out var disabled) && name != "lora-bias") AdapterGolden.Check(disabled, model, null);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AMergedAdapterGivesPeftsLogits(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var model = new AdapterBase(golden.Base, merged: name);

        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, null);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void GreedyTokensUnderAnAdapterArePefts(string name)
    {
        var golden = AdapterGolden.Read(name);
        if (!golden.Json.TryGetProperty("greedy_continuation", out var greedy)) return; // re-exported ones have none of their own
        using var model = new AdapterBase(golden.Base);
        using var adapter = model.Load(name);
        var prompt = AdapterBase.Prompts()[greedy.GetProperty("prompt").GetString()!];
        var expected = greedy.GetProperty("tokens").Deserialize<int[]>()!;

        var length = prompt.Length;
        var written = new List<int> { TensorPrimitives.IndexOfMax(model.Session.Run(0, prompt, [length], [length - 1], adapter)) };
        while (written.Count < expected.Length) written.Add(TensorPrimitives.IndexOfMax(model.Session.Run(0, [written[^1]], [++length], [0], adapter)));

        Assert.Equal(expected, written);
    }
}

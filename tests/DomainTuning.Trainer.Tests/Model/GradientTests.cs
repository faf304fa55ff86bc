using DomainTuning.Trainer.Methods;
using DomainTuning.Trainer.Model;
using DomainTuning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Tests.Model;

/// <summary>Gradients against goldens/training/grads and packing: within 1e-4 of each tensor's largest, as README-training.md states.</summary>
[Collection("torch")] // its random numbers and its threads are shared
public sealed class GradientTests
{
    private static readonly PackedBatch First = Goldens.Batch(Goldens.Json("training", "lora-trace", "batches.json").GetProperty("batches")[0]);

    [Theory]
    [InlineData("lora", false)]
    [InlineData("dora", false)]
    [InlineData("lora", true)]
    [InlineData("dora", true)]
    public void AdapterGradientsAreThoseOfTheReference(string kind, bool checkpointing)
    {
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("training", "grads", kind));
        model.GradientCheckpointing = checkpointing;

        var loss = Backward(model);

        Assert.Equal(Goldens.Json("training", "grads", kind, "info.json").GetProperty("loss").GetDouble(), loss, 1e-4);
        foreach (var (name, (expected, _)) in Goldens.Tensors("training", "grads", kind, "grads.safetensors"))
            Goldens.AssertClose(expected, Goldens.Values(adapter.Parameters[name["base_model.model.".Length..]].grad!), 1e-4, name);
    }

    [Fact]
    public void BaseGradientsAreThoseOfTheReference()
    {
        using var model = Goldens.Base("base-llama");
        foreach (var parameter in model.parameters()) parameter.requires_grad_();

        Backward(model);

        var expected = Goldens.Tensors("training", "grads", "base", "param_grads.safetensors");
        var ours = model.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        Assert.True(expected.Count > 20);
        foreach (var (name, (values, _)) in expected) Goldens.AssertClose(values, Goldens.Values(ours[name].grad!), 1e-4, name);
    }

    [Fact]
    public void APackedRowGivesWhatItsExamplesGiveAlone()
    {
        var golden = Goldens.Json("training", "packing", "packing.json");
        var packed = Goldens.Packed(Goldens.Rows(golden, "input_ids"), Goldens.Rows(golden, "position_ids"), Goldens.Rows(golden, "segment_ids"), Goldens.Rows(golden, "labels"));
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", "lora-r8-attn"));

        var loss = Backward(model, packed);
        var together = Goldens.Values(adapter.Parameters.Gradient);
        adapter.Parameters.ZeroGradient();
        foreach (var document in golden.GetProperty("documents").EnumerateArray())
        {
            var ids = Goldens.Longs(document.GetProperty("input_ids"));
            Backward(model, Goldens.Prompt(ids) with { Labels = [.. Goldens.Longs(document.GetProperty("labels")).Skip(1), PackedBatch.NoLabel] }, packed.LabelTokens);
        }

        Assert.Equal(golden.GetProperty("total").GetProperty("label_tokens").GetInt32(), packed.LabelTokens);
        Assert.Equal(golden.GetProperty("total").GetProperty("unpacked_token_mean_loss").GetDouble(), loss, 5e-6);
        Goldens.AssertClose(together, Goldens.Values(adapter.Parameters.Gradient), 1e-5, "gradient");
    }

    [Fact]
    public void TokenLogProbabilitiesOfAPackedRowAreThoseOfTheReference()
    {
        var golden = Goldens.Json("training", "packing", "packing.json");
        var packed = Goldens.Packed(Goldens.Rows(golden, "input_ids"), Goldens.Rows(golden, "position_ids"), Goldens.Rows(golden, "segment_ids"), Goldens.Rows(golden, "labels"));
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", "lora-r8-attn"));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var layout = new TokenLayout(packed);

        var logits = model.Logits(packed, layout.LabelPlaces.data<long>().ToArray());
        var ours = logits.log_softmax(-1).gather(1, layout.Labels.unsqueeze(1)).view(-1);

        float[] expected = [.. golden.GetProperty("unpacked").EnumerateArray().SelectMany(document => Goldens.Floats(document.GetProperty("token_logprobs")))];
        Assert.InRange(Goldens.LargestDifference(expected, Goldens.Values(ours)), 0, 1e-5f);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    public void RecomputingActivationsChangesNoGradient(double dropout)
    {
        using var model = Goldens.Base("base-qwen2");
        using var adapter = AdapterModules.Load(model, Fixtures.Path("adapters", "lora-qwen2-all"));
        adapter.Train(true, dropout);

        manual_seed(5);
        var kept = (Backward(model), Goldens.Values(adapter.Parameters.Gradient));
        adapter.Parameters.ZeroGradient();
        model.GradientCheckpointing = true;
        manual_seed(5);
        var recomputed = (Backward(model), Goldens.Values(adapter.Parameters.Gradient));

        Assert.Equal(kept.Item1, recomputed.Item1);
        Assert.Equal(kept.Item2, recomputed.Item2);
    }

    /// <summary>By blocks, with shared heads and with a window or without, against the formula on one example after the other.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(140)]
    public void AttentionByBlocksIsTheFormula(int window)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        long[] lengths = [3, 300, 1, 128];
        Tensor[] Inputs() => [randn(432, 4, 8), randn(432, 2, 8), randn(432, 2, 8)];
        var inputs = Inputs();
        var (ours, theirs) = (inputs.Select(one => one.clone().requires_grad_()).ToArray(), inputs.Select(one => one.clone().requires_grad_()).ToArray());
        var weights = randn(432, 32);

        var result = CausalProduct.Of(ours[0], ours[1], ours[2], lengths, window, 0.3);
        (result * weights).sum().backward();
        var expected = new List<Tensor>();
        long start = 0;
        foreach (var length in lengths)
        {
            Tensor Heads(Tensor one) => one.narrow(0, start, length).transpose(0, 1).repeat_interleave(4 / one.shape[1], 0);
            var distance = arange(length).unsqueeze(1) - arange(length);
            var hidden = distance.lt(0).logical_or(distance.ge(window == 0 ? length : window));
            var scores = (Heads(theirs[0]).matmul(Heads(theirs[1]).transpose(1, 2)) * 0.3).masked_fill(hidden, float.NegativeInfinity);
            expected.Add(scores.softmax(-1).matmul(Heads(theirs[2])).transpose(0, 1).reshape(length, 32));
            start += length;
        }

        var all = cat(expected, 0);
        (all * weights).sum().backward();

        Goldens.AssertClose(Goldens.Values(all), Goldens.Values(result), 1e-5, "result");
        for (var i = 0; i < 3; i++) Goldens.AssertClose(Goldens.Values(theirs[i].grad!), Goldens.Values(ours[i].grad!), 1e-5, "qkv"[i].ToString());
    }

    [Fact]
    public void StepsLeaveNoTensorsBehind()
    {
        using var model = Goldens.Base("base-llama");
        using var adapter = AdapterModules.Apply(model, new MethodRecipe { Rank = 4, Dora = true }, seed: 1);
        using var optimiser = new AdamW(adapter.Parameters, new OptimiserRecipe());
        List<long> live = [];
        foreach (var checkpointing in new[] { false, false, false, true, true, true })
        {
            model.GradientCheckpointing = checkpointing;
            Backward(model);
            adapter.Parameters.FinishGradient(1, 1);
            optimiser.Step(1e-3);
            adapter.Parameters.ZeroGradient();
            live.Add(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        }

        Assert.Equal(live[1], live[2]);
        Assert.Equal(live[4], live[5]);
        Assert.Equal(live[1], live[4]);
    }

    /// <summary>Mean loss over labels; gradients of it stay in the parameters.</summary>
    private static double Backward(DecoderModel model, PackedBatch? batch = null, long? divisor = null)
    {
        using var scope = NewDisposeScope();
        var (sum, tokens) = model.Loss(batch ?? First);
        var mean = sum / (divisor ?? tokens);
        mean.backward();
        return mean.item<float>();
    }
}

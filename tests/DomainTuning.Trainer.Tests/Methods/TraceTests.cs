using DomainTuning.Trainer.Methods;
using DomainTuning.Training;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Tests.Methods;

/// <summary>
/// Whole trainings against goldens/training/lora-trace: 30 steps of AdamW with warm-up, cosine and clipping. Tolerances as README-training.md states them; a forgotten
/// decay would show at 16 times the one of the loss.
/// </summary>
[Collection("torch")] // its random numbers and its threads are shared
public sealed class TraceTests
{
    [Theory]
    [InlineData("a-plain", "a-plain")]
    [InlineData("a-plain-wd", "a-plain")]
    [InlineData("b-accum2", "a-plain")]
    [InlineData("c-rslora", "c-rslora")]
    [InlineData("d-dora", "d-dora")]
    [InlineData("e-top-layer-head", "e-top-layer-head")]
    public void ATrainingFollowsTheReference(string variant, string initial)
    {
        var trace = Goldens.Json("training", "lora-trace", variant, "trace.json");
        PackedBatch[] batches = [.. Goldens.Json("training", "lora-trace", "batches.json").GetProperty("batches").EnumerateArray().Select(Goldens.Batch)];
        using var model = Goldens.Base(trace.GetProperty("base").GetString()!);
        using var adapter = AdapterModules.Load(model, Fixtures.Path("training", "lora-trace", initial, "initial"));
        using var optimiser = new AdamW(adapter.Parameters, new OptimiserRecipe { WeightDecay = trace.GetProperty("hyper_parameters").GetProperty("weight_decay").GetDouble() });

        foreach (var step in trace.GetProperty("steps").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            double loss = 0;
            long labels = 0;
            foreach (var batch in step.GetProperty("batches").EnumerateArray())
            {
                var (sum, tokens) = model.Loss(batches[batch.GetInt32()]);
                sum.backward();
                loss += sum.item<float>();
                labels += tokens;
            }

            var norm = adapter.Parameters.FinishGradient(labels, clipNorm: 1);
            optimiser.Step(step.GetProperty("lr").GetDouble());
            adapter.Parameters.ZeroGradient();

            var what = $"{variant}, step {step.GetProperty("step")}";
            Assert.Equal(step.GetProperty("label_tokens").GetInt64(), labels);
            AssertNear(step.GetProperty("loss").GetDouble(), loss / labels, 1e-4, 0, $"{what}: loss");
            AssertNear(step.GetProperty("grad_norm").GetDouble(), norm, 0, 2e-4, $"{what}: gradient norm");
            AssertNear(step.GetProperty("param_norm_after").GetDouble(), adapter.Parameters.Norm(), 0, 5e-6, $"{what}: parameter norm");
        }

        foreach (var (name, (expected, _)) in Goldens.Tensors("training", "lora-trace", variant, "final", "adapter_model.safetensors"))
            Assert.True(Goldens.LargestDifference(expected, Goldens.Values(adapter.Parameters[name["base_model.model.".Length..]])) <= 1e-4, $"{variant}: {name} ends elsewhere.");
        using var grad = no_grad();
        using var last = model.Logits(Goldens.Prompt(Goldens.Longs(trace.GetProperty("final_prompt").GetProperty("input_ids"))));
        Assert.InRange(Goldens.LargestDifference(Goldens.Floats(trace.GetProperty("final_result").GetProperty("last_logits")), Goldens.Values(last[^1])), 0, 2e-3f);
    }

    private static void AssertNear(double expected, double actual, double absolute, double relative, string what) =>
        Assert.True(Math.Abs(expected - actual) <= absolute + relative * Math.Abs(expected), $"{what} is {actual:g9} instead of {expected:g9}.");
}

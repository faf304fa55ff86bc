using DomainTuning.Trainer.Model;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Tests.Model;

/// <summary>Every family that the engine serves is trained as the same model (goldens: README-models.md).</summary>
[Collection("torch")] // its random numbers and its threads are shared
public sealed class FamilyTests
{
    [Theory]
    [InlineData("tiny-llama")]
    [InlineData("tiny-llama3")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    [InlineData("tiny-mistral")]
    [InlineData("tiny-phi3")]
    [InlineData("tiny-gemma3")]
    [InlineData("tiny-mistral", "sliding24")]
    [InlineData("tiny-llama", "linear-rope")]
    public void LogitsAreThoseOfTheReference(string family, string variant = "")
    {
        var golden = Goldens.Json("models", family, variant, "golden.json");
        using var model = variant.Length > 0 && !File.Exists(Fixtures.Path("models", family, variant, "model.safetensors")) ? WithConfig(family, variant) : Goldens.Model(ScalarType.Float32, "models", family, variant);
        Goldens.AssertResults(model, golden.GetProperty("prompts"), golden.GetProperty("prompts"), 1e-3, 1e-2, family);
    }

    [Theory]
    [InlineData("tiny-llama")]
    [InlineData("tiny-gemma3")]
    public void NamesAndShapesAreThoseOfTheCheckpoint(string family)
    {
        using var model = Goldens.Model(ScalarType.Float32, "models", family);
        var stored = Goldens.Tensors("models", family, "model.safetensors").Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value.Shape)}]");
        var ours = model.state_dict().Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value.shape)}]");

        // A tied head is named in memory, but not stored.
        Assert.Equal(stored.Where(Listed).Order(StringComparer.Ordinal), ours.Where(Listed).Order(StringComparer.Ordinal));
        static bool Listed(string line) => !line.StartsWith("lm_head", StringComparison.Ordinal);
    }

    [Fact]
    public void BFloat16IsCloseToFloat32()
    {
        using var wide = Goldens.Model(ScalarType.Float32, "models", "tiny-llama");
        using var narrow = Goldens.Model(ScalarType.BFloat16, "models", "tiny-llama");
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var batch = Goldens.Batch(Goldens.Json("training", "lora-trace", "batches.json").GetProperty("batches")[0]);
        var (expected, actual) = (wide.Loss(batch), narrow.Loss(batch));

        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.InRange(actual.LossSum.item<float>() / expected.LossSum.item<float>(), 0.99, 1.01);
        var drift = (wide.Logits(batch) - narrow.Logits(batch)).abs().mean().item<float>() / wide.Logits(batch).std().item<float>();
        Assert.InRange(drift, 0, 0.03);
    }

    /// <summary>Some goldens are another config.json beside the same weights.</summary>
    private static DecoderModel WithConfig(string family, string variant)
    {
        var folder = Directory.CreateTempSubdirectory("trainer-family").FullName;
        try
        {
            File.Copy(Fixtures.Path("models", family, variant, "config.json"), Path.Combine(folder, "config.json"));
            File.Copy(Fixtures.Path("models", family, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
            using var checkpoint = DomainTuning.Checkpoints.Decoders.DecoderCheckpoint.Open(folder);
            return DecoderModel.Load(checkpoint, ScalarType.Float32);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

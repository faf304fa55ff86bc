using System.Text.Json;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>A tiny model of the fixtures, packed into a temporary folder and loaded.</summary>
internal sealed class TinyDecoder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <param name="name">As in <see cref="TinyCheckpoint"/>.</param>
    public TinyDecoder(string name, WeightForm form = WeightForm.Float32, IReadOnlyList<ActivationPeaks>? peaks = null, int slots = 1, int capacity = 512, KeyValueForm keyValues = KeyValueForm.Float32)
    {
        using var tiny = new TinyCheckpoint(name);
        var weights = tiny.Checkpoint.Weights;
        Shape = weights.Shape;
        if (capacity > Shape.ContextTokens) // for tests that need time, not sense
        {
            Shape = Shape with { ContextTokens = capacity };
            weights = new StoredDecoderWeights(tiny.Checkpoint.Gguf!, Shape, TensorNames.Gguf, GgufDecoder.HasNeighbouringPairs(tiny.Checkpoint.Gguf!));
        }

        var model = PackedModel.Write(folder.Path, weights, form, peaks, cancellationToken: TestContext.Current.CancellationToken);
        if (keyValues == KeyValueForm.Int8)
        {
            using var measured = new DecoderSession(model, 1, capacity, threads: 1);
            KeyValueScales.Measure(measured, Prompts(name).Select(prompt => prompt.Ids), TestContext.Current.CancellationToken).Write(folder.Path);
        }

        Session = new DecoderSession(model, slots, capacity, threads: 1, keyValues: keyValues);
    }

    public DecoderShape Shape { get; }

    public DecoderSession Session { get; }

    public static string Gguf(string name) => Fixtures.Path("gguf", "models", name + "-f32.gguf");

    public static IReadOnlyList<TinyPrompt> Prompts(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(TinyCheckpoint.Golden(name)));
        return [.. golden.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => new TinyPrompt(
            prompt.GetProperty("ids").Deserialize<int[]>()!,
            prompt.GetProperty("last_logits").Deserialize<float[]>()!,
            prompt.GetProperty("sum_logprob").GetDouble(),
            prompt.GetProperty("greedy_ids").Deserialize<int[]>()!,
            prompt.GetProperty("greedy_gap").Deserialize<float[]>()!))];
    }

    public void Dispose()
    {
        Session.Dispose();
        folder.Dispose();
    }
}

/// <param name="GreedyGap">By how much the best logit leads the second at each greedy token.</param>
internal sealed record TinyPrompt(int[] Ids, float[] LastLogits, double SumLogProbability, int[] GreedyIds, float[] GreedyGap);

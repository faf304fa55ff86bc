using System.Text.Json;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>A tiny llama-architecture model of the fixtures, written as a graph into a temporary folder and loaded.</summary>
internal sealed class TinyDecoder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TinyDecoder(string name, WeightForm form = WeightForm.Float32, IReadOnlyList<ActivationPeaks>? peaks = null, int slots = 1, int capacity = 512)
    {
        using var file = GgufFile.Open(Gguf(name));
        Shape = DecoderShape.Read(file);
        if (capacity > Shape.ContextTokens) Shape = Shape with { ContextTokens = capacity }; // for tests that need time, not sense
        var model = PackedModel.Write(folder.Path, new LlamaGgufWeights(file, Shape), form, peaks, cancellationToken: TestContext.Current.CancellationToken);
        Session = new DecoderSession(model, slots, capacity, threads: 1);
    }

    public DecoderShape Shape { get; }

    public DecoderSession Session { get; }

    public static string Gguf(string name) => Fixtures.Path("gguf", "models", name + "-f32.gguf");

    public static IReadOnlyList<TinyPrompt> Prompts(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("models", name, "golden.json")));
        return [.. golden.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => new TinyPrompt(
            prompt.GetProperty("ids").Deserialize<int[]>()!,
            prompt.GetProperty("last_logits").Deserialize<float[]>()!,
            prompt.GetProperty("sum_logprob").GetDouble(),
            prompt.GetProperty("greedy_ids").Deserialize<int[]>()!))];
    }

    public void Dispose()
    {
        Session.Dispose();
        folder.Dispose();
    }
}

internal sealed record TinyPrompt(int[] Ids, float[] LastLogits, double SumLogProbability, int[] GreedyIds);

using System.Text.Json;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>A tiny llama-architecture model of the fixtures, written as a graph into a temporary folder and loaded.</summary>
internal sealed class TinyLlama : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TinyLlama(string name, WeightForm form = WeightForm.Float32, IReadOnlyList<ActivationPeaks>? peaks = null, int slots = 1, int capacity = 512)
    {
        using var file = GgufFile.Open(Gguf(name));
        Shape = LlamaShape.Read(file);
        if (capacity > Shape.ContextTokens) Shape = Shape with { ContextTokens = capacity }; // for tests that need time, not sense
        using (var weights = new WeightsFile(folder["weights.bin"], TestContext.Current.CancellationToken))
            File.WriteAllBytes(folder["model.onnx"], LlamaGraph.Write(new LlamaWeights(file, Shape), weights, form, peaks));
        Session = new DecoderSession(folder["model.onnx"], Shape, slots, capacity, threads: 1);
    }

    public LlamaShape Shape { get; }

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

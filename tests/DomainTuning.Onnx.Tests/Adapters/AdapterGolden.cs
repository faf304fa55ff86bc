using System.Numerics.Tensors;
using System.Text.Json;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Adapters;

/// <summary>What PEFT computed with an adapter (goldens/README-adapters.md); tolerances are those of that page.</summary>
internal sealed record AdapterGolden(string Base, JsonElement Json)
{
    public static AdapterGolden Read(string adapter)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("adapters", adapter, "golden.json")));
        var json = file.RootElement.Clone();
        return new AdapterGolden(json.TryGetProperty("base", out var name) ? name.GetString()! : "base-llama", json);
    }

    /// <summary>Compares last logits, every argmax and the sum of log-probabilities of the three prompts.</summary>
    /// <param name="results">"adapter_enabled" or another list of results.</param>
    public static void Check(JsonElement results, AdapterBase model, LoadedAdapter? adapter)
    {
        foreach (var expected in results.EnumerateArray())
        {
            var ids = AdapterBase.Prompts()[expected.GetProperty("prompt").GetString()!];
            var vocabulary = model.Session.Shape.Vocabulary;
            var logits = model.Logits(ids, adapter);
            ReadOnlySpan<float> Row(int position) => logits.AsSpan(position * vocabulary, vocabulary);

            Assert.InRange(TensorDistance(expected.GetProperty("last_logits").Deserialize<float[]>()!, Row(ids.Length - 1)), 0, 3e-4);
            Assert.Equal(expected.GetProperty("argmax").Deserialize<int[]>()!, Enumerable.Range(0, ids.Length).Select(position => TensorPrimitives.IndexOfMax(Row(position))));
            var sum = Enumerable.Range(0, ids.Length - 1).Sum(position => Logits.LogProbability(Row(position), ids[position + 1]));
            Assert.InRange(Math.Abs(sum - expected.GetProperty("sum_logprob").GetDouble()), 0, 1e-3);
        }
    }

    private static double TensorDistance(float[] expected, ReadOnlySpan<float> actual)
    {
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++) largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]));
        return largest;
    }
}

using System.Text.Json;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Trainer.Model;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Tests;

/// <summary>Reads what the reference library computed (tests/fixtures: training, adapters, models).</summary>
internal static class Goldens
{
    public static DecoderModel Model(ScalarType type, params string[] path)
    {
        using var checkpoint = DecoderCheckpoint.Open(Fixtures.Path(path));
        return DecoderModel.Load(checkpoint, type);
    }

    public static DecoderModel Base(string name) => Model(ScalarType.Float32, "adapters", name);

    public static JsonElement Json(params string[] path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path(path)));
        return document.RootElement.Clone();
    }

    /// <summary>One prompt without labels.</summary>
    public static PackedBatch Prompt(IReadOnlyList<long> ids) => new(
        1, ids.Count, [.. ids], [.. Enumerable.Range(0, ids.Count).Select(i => (long)i)], [.. ids.Select(_ => 1)], [.. ids.Select(_ => (long)PackedBatch.NoLabel)]);

    /// <summary>A padded batch, an example to a row, as "batches.json" holds them; its labels are not shifted yet.</summary>
    public static PackedBatch Batch(JsonElement batch)
    {
        var (ids, mask, labels) = (Rows(batch, "input_ids"), Rows(batch, "attention_mask"), Rows(batch, "labels"));
        return Packed(ids, [.. ids.Select(row => Enumerable.Range(0, row.Length).Select(i => (long)i).ToArray())], mask, labels);
    }

    public static PackedBatch Packed(long[][] ids, long[][] positions, long[][] segments, long[][] labels) => new(
        ids.Length,
        ids[0].Length,
        [.. ids.SelectMany(row => row)],
        [.. positions.SelectMany(row => row)],
        [.. segments.SelectMany(row => row.Select(segment => (int)segment))],
        [.. labels.SelectMany(row => row.Skip(1).Append(PackedBatch.NoLabel))]);

    public static long[][] Rows(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(Longs)];

    public static long[] Longs(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt64())];

    public static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetSingle())];

    public static Dictionary<string, (float[] Values, long[] Shape)> Tensors(params string[] path)
    {
        using var file = SafetensorsFile.Open(Fixtures.Path(path));
        return file.Tensors.ToDictionary(tensor => tensor.Name, tensor => (file.Read(tensor), tensor.Shape.ToArray()));
    }

    public static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    public static float LargestDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Assert.Equal(a.Length, b.Length);
        var largest = 0f;
        for (var i = 0; i < a.Length; i++) largest = float.IsNaN(a[i]) || float.IsNaN(b[i]) ? float.PositiveInfinity : Math.Max(largest, Math.Abs(a[i] - b[i]));
        return largest;
    }

    /// <summary>Within a share of the largest expected magnitude.</summary>
    public static void AssertClose(float[] expected, float[] actual, double share, string what)
    {
        var scale = expected.Max(Math.Abs);
        var difference = LargestDifference(expected, actual);
        Assert.True(difference <= share * scale, $"{what}: differs by {difference:g3}, which is {difference / scale:g3} of its largest value.");
    }

    /// <summary>Logits at each place of a prompt against "results" of a golden file: argmax, last logits and the sum of log-probabilities.</summary>
    public static void AssertResults(DecoderModel model, JsonElement prompts, JsonElement results, double logits, double logProb, string what)
    {
        using var grad = no_grad();
        foreach (var (prompt, result) in prompts.EnumerateArray().Zip(results.EnumerateArray()))
        {
            using var scope = NewDisposeScope();
            var ids = Longs(prompt.TryGetProperty("input_ids", out var named) ? named : prompt.GetProperty("ids"));
            var all = model.Logits(Prompt(ids));
            var difference = LargestDifference(Floats(result.GetProperty("last_logits")), Values(all[^1]));
            Assert.True(difference <= logits, $"{what}, {ids.Length} tokens: last logits differ by {difference:g3}.");
            Assert.Equal(Longs(result.GetProperty("argmax")), all.argmax(-1).data<long>().ToArray());
            if (ids.Length < 2) continue;
            var targets = tensor(ids[1..]).unsqueeze(1);
            var sum = all.narrow(0, 0, ids.Length - 1).log_softmax(-1).gather(1, targets).sum().item<float>();
            Assert.True(Math.Abs(sum - result.GetProperty("sum_logprob").GetDouble()) <= logProb, $"{what}, {ids.Length} tokens: sum of log-probabilities {sum} instead of {result.GetProperty("sum_logprob")}.");
        }
    }
}

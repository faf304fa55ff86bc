using System.Numerics.Tensors;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class DecoderGraphTests
{
    /// <summary>goldens/README-models.md: float32 engines lie within 1e-3 of the reference's logits.</summary>
    private const float Tolerance = 1e-3f;

    [Theory]
    [InlineData("tiny-llama")] // grouped heads, tied
    [InlineData("tiny-llama3")] // rope_freqs in three bands, untied
    public void LogitsAreTheReferences(string name)
    {
        using var model = new TinyDecoder(name);
        foreach (var prompt in TinyDecoder.Prompts(name))
        {
            var logits = model.Session.Run(0, prompt.Ids, [prompt.Ids.Length], [prompt.Ids.Length - 1]);

            Assert.InRange(LargestDifference(prompt.LastLogits, logits), 0, Tolerance);
        }
    }

    [Theory]
    [InlineData("tiny-llama")]
    [InlineData("tiny-llama3")]
    public void GreedyTokensAreTheReferences(string name)
    {
        using var model = new TinyDecoder(name);
        foreach (var prompt in TinyDecoder.Prompts(name))
        {
            var length = prompt.Ids.Length;
            var written = new List<int> { TensorPrimitives.IndexOfMax(model.Session.Run(0, prompt.Ids, [length], [length - 1])) };
            while (written.Count < prompt.GreedyIds.Length) written.Add(TensorPrimitives.IndexOfMax(model.Session.Run(0, [written[^1]], [++length], [0])));

            Assert.Equal(prompt.GreedyIds, written);
        }
    }

    [Fact]
    public void LogProbabilitiesOfTheWholePromptAreTheReferences()
    {
        using var model = new TinyDecoder("tiny-llama3");
        foreach (var prompt in TinyDecoder.Prompts("tiny-llama3").Where(prompt => prompt.Ids.Length > 1)) // the longest, 300 tokens, takes three chunks
        {
            var sum = model.Session.LogProbabilities(prompt.Ids, 1, TestContext.Current.CancellationToken).Sum();

            Assert.InRange(Math.Abs(sum - prompt.SumLogProbability), 0, 5e-5 * prompt.Ids.Length);
            var lastFive = model.Session.LogProbabilities(prompt.Ids, prompt.Ids.Length - 5, TestContext.Current.CancellationToken);
            Assert.Equal(5, lastFive.Length);
        }
    }

    [Fact]
    public void APromptReadInChunksGivesTheSameLogits()
    {
        using var model = new TinyDecoder("tiny-llama");
        var prompt = TinyDecoder.Prompts("tiny-llama").Single(prompt => prompt.Ids.Length == 100);
        for (var start = 0; start < 100; start += 30)
        {
            var chunk = prompt.Ids.AsSpan(start, Math.Min(30, 100 - start));
            var logits = model.Session.Run(0, chunk, [start + chunk.Length], [chunk.Length - 1]);

            if (start + chunk.Length == 100) Assert.InRange(LargestDifference(prompt.LastLogits, logits), 0, Tolerance);
        }
    }

    [Fact]
    public void RowsOfDifferentLengthInOneBatchDoNotTouchEachOther()
    {
        using var alone = new TinyDecoder("tiny-llama");
        using var together = new TinyDecoder("tiny-llama", slots: 3);
        var prompts = TinyDecoder.Prompts("tiny-llama").Take(3).Select(prompt => prompt.Ids).ToList(); // 1, 7 and 33 tokens
        for (var row = 0; row < 3; row++) together.Session.Run(row, prompts[row], [prompts[row].Length], [prompts[row].Length - 1]);

        var batch = together.Session.Run(0, [5, 6, 7], [.. prompts.Select(prompt => prompt.Length + 1)], [0, 1, 2]);

        for (var row = 0; row < 3; row++)
        {
            alone.Session.Run(0, prompts[row], [prompts[row].Length], [0]);
            var single = alone.Session.Run(0, [5 + row], [prompts[row].Length + 1], [0]);
            Assert.InRange(LargestDifference(single, batch.Slice(row * 320, 320)), 0, 1e-4f);
        }
    }

    [Fact]
    public void SmoothingChangesNothingInFloat32()
    {
        using var plain = new TinyDecoder("tiny-llama");
        var random = new Random(7);
        float[] Peaks(int channels) => [.. Enumerable.Range(0, channels).Select(_ => MathF.Exp(4 * random.NextSingle() - 2))];
        using var smoothed = new TinyDecoder("tiny-llama", peaks: [.. Enumerable.Range(0, plain.Shape.Layers).Select(_ => new ActivationPeaks(Peaks(64), Peaks(64), Peaks(64), Peaks(160)))]);
        var ids = TinyDecoder.Prompts("tiny-llama")[^1].Ids;

        var expected = plain.Session.Run(0, ids, [ids.Length], [ids.Length - 1]).ToArray();

        Assert.InRange(LargestDifference(expected, smoothed.Session.Run(0, ids, [ids.Length], [ids.Length - 1])), 0, Tolerance);
    }

    private static float LargestDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = 0f;
        for (var i = 0; i < expected.Length; i++) largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        return largest;
    }
}

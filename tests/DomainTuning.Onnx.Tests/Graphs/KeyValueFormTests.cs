using System.Numerics.Tensors;
using DomainTuning.Checkpoints;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>Keys and values in bytes, beside those in floats. The bound is that of 8-bit weights: random weights are more sensitive than trained ones.</summary>
public sealed class KeyValueFormTests
{
    public static TheoryData<string> Families => DecoderFamilyTests.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void BytesGiveNearlyTheLogitsOfFloats(string name)
    {
        using var floats = new TinyDecoder(name);
        using var bytes = new TinyDecoder(name, keyValues: KeyValueForm.Int8);
        Assert.Equal(floats.Session.Cache.TokenBytes, 4 * bytes.Session.Cache.TokenBytes);
        foreach (var prompt in TinyDecoder.Prompts(name).Where(prompt => prompt.Ids.Length > 1))
        {
            var expected = floats.Session.Run(0, prompt.Ids, [prompt.Ids.Length], [prompt.Ids.Length - 1]);

            Assert.InRange(Cosine(expected, bytes.Session.Run(0, prompt.Ids, [prompt.Ids.Length], [prompt.Ids.Length - 1])), 0.98f, 1.0001f);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void ChunksBatchesAndRolledBackDraftsSeeTheSameBytes(string name)
    {
        using var model = new TinyDecoder(name, slots: 3, keyValues: KeyValueForm.Int8);
        var session = model.Session;
        var ids = TinyDecoder.Prompts(name).Single(prompt => prompt.Ids.Length == 100).Ids;
        session.Run(0, ids, [100], [99]); // read at once, written alone
        session.Run(1, ids.AsSpan(0, 60), [60], [59]); // in chunks, with a draft that did not come true
        session.Run(1, ids.AsSpan(60), [100], [39]);
        session.Run(1, [7, 8, 9, 10], [104], [3]);
        session.Run(2, ids.AsSpan(0, 20), [20], [19]); // a neighbour of another length

        var expected = session.Run(0, [5], [101], [0]).ToArray();
        var together = session.Run(0, [5, 5, 5], [101, 101, 21], [0, 1]);

        Assert.InRange(Cosine(expected, together[..expected.Length]), 0.9999f, 1.0001f);
        Assert.InRange(Cosine(expected, together[expected.Length..]), 0.9999f, 1.0001f);
    }

    [Fact]
    public void AScaleHoldsForPositionsBehindTheTextToo()
    {
        // Both channels of a rotated pair get one scale: at other positions the length of the pair lies in the other of them.
        using var model = new TinyDecoder("tiny-llama");
        var scales = KeyValueScales.Measure(model.Session, [[1, 2, 3]], TestContext.Current.CancellationToken);
        var half = model.Shape.HeadDimensions / 2;

        foreach (var keys in scales.Keys)
            for (var head = 0; head < keys.Length; head += 2 * half)
                Assert.Equal(keys[head..(head + half)], keys[(head + half)..(head + 2 * half)]);
        Assert.All(scales.Keys.Concat(scales.Values).SelectMany(channels => channels), step => Assert.True(step > 0));
    }

    [Fact]
    public void AConversionWithoutScalesIsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using var tiny = new TinyCheckpoint("tiny-llama");
        var model = PackedModel.Write(folder.Path, tiny.Checkpoint.Weights, WeightForm.Float32, cancellationToken: TestContext.Current.CancellationToken);

        var error = Assert.Throws<CheckpointException>(() => new DecoderSession(model, 1, 64, threads: 1, keyValues: KeyValueForm.Int8));
        Assert.Contains(KeyValueScales.FileName, error.Message, StringComparison.Ordinal);
    }

    private static float Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => TensorPrimitives.CosineSimilarity(a, b);
}

using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class WeightFormTests
{
    [Theory]
    [InlineData(true, true, true, true, WeightForm.W8A8)] // Sapphire Rapids
    [InlineData(true, true, false, true, WeightForm.Blocks8)] // Zen 4, Ice Lake
    [InlineData(true, false, false, true, WeightForm.Blocks8)] // Zen 3
    [InlineData(true, true, true, false, WeightForm.Blocks8)] // products that are not exact
    [InlineData(false, false, false, true, WeightForm.Blocks8)] // before AVX2
    public void TheProcessorChoosesTheFormOfASmallModel(bool avx2, bool vnni, bool amx, bool exact, WeightForm expected) =>
        Assert.Equal(expected, WeightForms.Candidates(new CpuFeatures(avx2, vnni, amx, ArmDotProduct: false, exact), 135_000_000, fourBit: true)[0]);

    [Theory]
    [InlineData(true, WeightForm.Blocks4)]
    [InlineData(false, WeightForm.Blocks8)]
    public void ALargeModelKeepsItsOwnFourBits(bool fourBit, WeightForm expected) =>
        Assert.Equal([expected], WeightForms.Candidates(new CpuFeatures(true, true, true, false, true), 7_000_000_000, fourBit));

    [Fact]
    public void AutoNeverTriesByteProductsThatSaturate()
    {
        Assert.DoesNotContain(WeightForm.W8A8, WeightForms.Candidates(new CpuFeatures(Avx2: true, Vnni: false, Amx: false, ArmDotProduct: false, ExactByteProducts: false), 1, false));
        Assert.Equal([WeightForm.Blocks8, WeightForm.W8A8, WeightForm.Float32], WeightForms.Candidates(new CpuFeatures(true, true, false, false, true), 1, false));
    }

    [Fact]
    public void ByteProductsAreExactWhereTheProcessorHasVnni()
    {
        Assert.SkipUnless(CpuFeatures.This.Vnni, $"Needs a processor with VNNI; this one has {CpuFeatures.This}.");

        Assert.True(CpuFeatures.This.ExactByteProducts);
    }

    [Fact]
    public void SymmetricBlocksComeBackExactly()
    {
        var random = new Random(3);
        var w = new float[4 * 96];
        for (var block = 0; block < w.Length / 32; block++)
        {
            var scale = (float)(Half)(random.NextSingle() * 0.01f + 0.001f); // as Q8_0 stores it
            for (var i = 0; i < 32; i++) w[block * 32 + i] = scale * (i == 0 ? 127 : random.Next(-127, 128));
        }

        var blocks = ByteBlocks.Quantise([.. w], 4, 96);

        Assert.Null(blocks.ZeroPoints);
        var held = blocks.Dequantise(4, 96);
        for (var i = 0; i < w.Length; i++) Assert.Equal(w[i], held[i], 1e-7f);
    }

    [Fact]
    public void BlocksOfSixteenStepsComeBackWithinHalfAStepOfEightBits()
    {
        var random = new Random(4);
        var w = new float[8 * 64];
        for (var block = 0; block < w.Length / 32; block++)
        {
            var (scale, min) = (0.01f, -0.07f + random.NextSingle() * 0.01f); // as Q4_1: min + scale · 0..15
            for (var i = 0; i < 32; i++) w[block * 32 + i] = min + scale * (i < 2 ? 15 * i : random.Next(16));
        }

        var held = ByteBlocks.Quantise([.. w], 8, 64).Dequantise(8, 64);

        for (var i = 0; i < w.Length; i++) Assert.InRange(Math.Abs(w[i] - held[i]), 0, 0.09f / 127 / 2);
    }

    [Fact]
    public void RowsThatAreNoMultipleOfABlockAreFilledUp()
    {
        float[] w = [.. Enumerable.Range(0, 2 * 40).Select(i => MathF.Sin(i))];

        var blocks = ByteBlocks.Quantise([.. w], 2, 40);

        Assert.Equal(2 * 2 * 32, blocks.Values.Length);
        var held = blocks.Dequantise(2, 40);
        for (var i = 0; i < w.Length; i++) Assert.Equal(w[i], held[i], 0.005f);
    }

    [Theory]
    [InlineData("q4_0", TensorType.Q4_0)]
    [InlineData("q4_1", TensorType.Q4_1)]
    [InlineData("q4_k", TensorType.Q4_K)]
    public void StoredFourBitBlocksAreTakenOverExactly(string name, TensorType type)
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", name + ".gguf"));
        var tensor = file.Tensors[0];

        var held = NibbleBlocks.From(type, file.Bytes(tensor).ToArray(), (int)tensor.Elements / 32).Dequantise();

        var expected = file.Read(tensor);
        // The minimum is kept where q is 8, so one more rounding of float32 takes place.
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], held[i], 1e-6f * (1 + Math.Abs(expected[i])));
    }

    [Fact]
    public void StoredEightBitBlocksAreTakenOverExactly()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "q8_0.gguf"));
        var tensor = file.Tensors[0];

        var blocks = ByteBlocks.FromQ8(file.Bytes(tensor).ToArray(), (int)tensor.Elements / 32);

        Assert.Equal(file.Read(tensor), blocks.Dequantise((int)tensor.Rows, (int)tensor.Columns));
    }

    [Fact]
    public void FloatsAreRoundedToFourBitsWithLessErrorThanFromEndToEnd()
    {
        var random = new Random(5);
        float[] w = [.. Enumerable.Range(0, 64 * 32).Select(_ => (float)Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * MathF.Cos(2 * MathF.PI * random.NextSingle()))];

        var held = NibbleBlocks.Quantise(w, 64).Dequantise();

        var (searched, plain) = (0.0, 0.0);
        for (var block = 0; block < 64; block++)
        {
            var values = w.AsSpan(block * 32, 32);
            var (low, high) = (TensorPrimitives.Min<float>(values), TensorPrimitives.Max<float>(values));
            for (var i = 0; i < 32; i++)
            {
                var end = MathF.Round((values[i] - low) * 15 / (high - low)) * (high - low) / 15 + low;
                plain += (end - values[i]) * (end - values[i]);
                searched += (held[block * 32 + i] - values[i]) * (held[block * 32 + i] - values[i]);
            }
        }

        Assert.InRange(searched / plain, 0.3, 0.95);
    }
}

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
    public void TheProcessorChoosesTheForm(bool avx2, bool vnni, bool amx, bool exact, WeightForm expected) =>
        Assert.Equal(expected, WeightForms.Choose(new CpuFeatures(avx2, vnni, amx, ArmDotProduct: false, exact)));

    [Fact]
    public void AutoNeverTriesByteProductsThatSaturate()
    {
        Assert.DoesNotContain(WeightForm.W8A8, WeightForms.Candidates(new CpuFeatures(Avx2: true, Vnni: false, Amx: false, ArmDotProduct: false, ExactByteProducts: false)));
        Assert.Equal([WeightForm.Blocks8, WeightForm.W8A8, WeightForm.Float32], WeightForms.Candidates(new CpuFeatures(true, true, false, false, true)));
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
}

using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Tests.Statistics;

public sealed class PairedComparisonTests
{
    /// <summary>The first numbers of the published xoshiro256** code, seeded by SplitMix64 from 1: the generator is the same everywhere or intervals are not.</summary>
    [Fact]
    public void TheGeneratorGivesThePublishedNumbers()
    {
        var random = new SeededRandom(1);

        Assert.Equal([0xB3F2AF6D0FC710C5UL, 0x853B559647364CEAUL, 0x92F89756082A4514UL], [random.NextBits(), random.NextBits(), random.NextBits()]);
    }

    [Fact]
    public void DrawsAreEven()
    {
        var random = new SeededRandom(7);
        var counts = new int[7];

        for (var i = 0; i < 70_000; i++) counts[random.Next(7)]++;

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void ASampledRandomisationAgreesWithTheExactOne()
    {
        var random = new SeededRandom(3);
        double[] a = [.. Enumerable.Range(0, 20).Select(_ => random.NextDouble() + 0.2)];
        double[] b = [.. Enumerable.Range(0, 20).Select(_ => random.NextDouble())];
        var exact = PairedRandomisation.Test(a, b);

        // One more pair that hardly counts makes the same question a sampled one.
        var sampled = PairedRandomisation.Test([.. a, 1e-9], [.. b, 0]);

        Assert.True(exact.IsExact);
        Assert.False(sampled.IsExact);
        Assert.Equal(exact.TwoSided, sampled.TwoSided, 0.006);
    }

    [Fact]
    public void ASmallSampleSaysThatItCannotTell()
    {
        var first = new SystemScores("rag", [1, 1, 0, 1, 0, 1, 1, 0]);
        var second = new SystemScores("base", [1, 0, 0, 1, 0, 1, 0, 1]);

        var comparison = PairedComparison.Between(first, second);

        Assert.False(comparison.IsDistinguishable);
        Assert.Contains("not distinguishable with n = 8", comparison.Verdict, StringComparison.Ordinal);
        Assert.Equal(2, comparison.McNemar!.OnlyFirst);
        Assert.Equal(1, comparison.McNemar.OnlySecond);
    }

    [Fact]
    public void ALargeDifferenceIsCalledOneAndHolmAdjustsTheTable()
    {
        double[] bad = [.. Enumerable.Range(0, 60).Select(i => i % 4 == 0 ? 1.0 : 0)];
        double[] good = [.. Enumerable.Range(0, 60).Select(i => i % 4 != 1 ? 1.0 : 0)];
        double[] alike = [.. Enumerable.Range(0, 60).Select(i => i % 4 == 0 && i != 0 ? 1.0 : 0)];

        var pairs = PairedComparison.AllPairs([new("base", bad), new("rag", good), new("adapter", alike)]);

        Assert.Equal(3, pairs.Count);
        Assert.True(pairs[0].IsDistinguishable);
        Assert.StartsWith("rag is better than base by 0.500", pairs[0].Verdict, StringComparison.Ordinal);
        Assert.False(pairs[1].IsDistinguishable);
        Assert.All(pairs, pair => Assert.True(pair.AdjustedP >= pair.P));
    }

    /// <summary>What the loops that these replaced gave, one list and one sample at a time: the numbers of every report that was written with them.</summary>
    [Fact]
    public void SharedDrawsGiveEachListWhatItGetsAlone()
    {
        var random = new SeededRandom(11);
        IReadOnlyList<double> Some(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < 0.4 ? 0 : random.NextDouble())];
        IReadOnlyList<double>[] lists = [Some(37), Some(203), Some(37), Some(1), Some(203), Some(203)];

        var together = Bootstrap.Means(lists, seed: 5, resamples: 500);

        foreach (var (values, found) in lists.Zip(together))
        {
            var draws = new SeededRandom(5);
            var means = new double[500];
            for (var r = 0; r < means.Length; r++)
            {
                var sum = 0.0;
                for (var i = 0; i < values.Count; i++) sum += values[draws.Next(values.Count)];
                means[r] = sum / values.Count;
            }

            Array.Sort(means);
            Assert.Equal((Sample.PercentileOfSorted(means, 50 * (1 - 0.95)), Sample.PercentileOfSorted(means, 100 - (50 * (1 - 0.95)))), (found.Interval.Low, found.Interval.High));
            Assert.Equal(values.Average(), found.Mean);
            Assert.Equal(Bootstrap.Mean(values, seed: 5, resamples: 500), found);
        }
    }

    [Fact]
    public void APercentileNeedsNoSorting()
    {
        var random = new SeededRandom(4);
        foreach (var count in new[] { 1, 2, 3, 10, 1000 })
        {
            // Many ties, as among resampled means of right and wrong answers.
            double[] values = [.. Enumerable.Range(0, count).Select(_ => random.Next(7) / 7.0)];
            foreach (var percent in new[] { 0, 2.5, 50, 97.5, 100 })
                Assert.Equal(Sample.PercentileOfSorted([.. values.Order()], percent), Sample.PercentileInPlace([.. values], percent));
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(203)]
    public void SignsAreDrawnSampleBySample(int pairs)
    {
        var random = new SeededRandom(2);
        double[] a = [.. Enumerable.Range(0, pairs).Select(_ => random.NextDouble() + 0.05)];
        double[] b = [.. Enumerable.Range(0, pairs).Select(_ => random.NextDouble())];

        var test = PairedRandomisation.Test(a, b, seed: 3, samples: 1001);

        var (draws, differences, asExtreme) = (new SeededRandom(3), a.Zip(b, (x, y) => x - y).ToArray(), 1);
        for (var s = 0; s < 1001; s++)
        {
            var (sum, bits) = (0.0, 0UL);
            for (var i = 0; i < pairs; i++)
            {
                if (i % 64 == 0) bits = draws.NextBits();
                sum += (bits & 1) == 0 ? differences[i] : -differences[i];
                bits >>= 1;
            }

            if (Math.Abs(sum) >= Math.Abs(differences.Sum()) - 1e-12) asExtreme++;
        }

        Assert.Equal((asExtreme / 1002.0, 1002L), (test.TwoSided, test.Assignments));
    }

    [Fact]
    public void ARatioOfSumsWeighsItemsByTheirSize()
    {
        var ratio = Bootstrap.Ratio([1, 8], [1, 4]);

        Assert.Equal(9.0 / 5, ratio.Mean);
        Assert.Equal((1.0, 2.0), (ratio.Interval.Low, ratio.Interval.High));
        Assert.Throws<ArgumentException>(() => Bootstrap.Ratio([1, 2], [1, 0]));
    }

    /// <summary>z(0.975) + z(0.8) = 2.8016.</summary>
    [Fact]
    public void TheDetectableDifferenceFollowsItsFormula()
    {
        Assert.Equal(2.801585 * 0.4 / Math.Sqrt(180), DetectableDifference.At(180, 0.4), 6);
        Assert.Equal(180, DetectableDifference.ItemsFor(DetectableDifference.At(180, 0.4) * 1.0000001, 0.4));
    }

    [Fact]
    public void UnpairedListsAreRefused() => Assert.Throws<ArgumentException>(() => Bootstrap.PairedDifference([1, 2], [1]));
}

using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class TokenSamplerTests
{
    /// <summary>Probabilities 0.5, 0.25, 0.15, 0.07, 0.03.</summary>
    private static readonly float[] Logits = [.. new[] { 0.5, 0.25, 0.15, 0.07, 0.03 }.Select(p => (float)Math.Log(p))];

    [Fact]
    public void TemperatureZeroTakesTheLikeliest() => Assert.All(Draw(new SamplingOptions(), 20), token => Assert.Equal(0, token));

    [Fact]
    public void TemperatureOneDrawsWithTheModelsProbabilities()
    {
        var shares = Shares(new SamplingOptions { Temperature = 1, Seed = 1 });

        AssertNear([0.5, 0.25, 0.15, 0.07, 0.03], shares);
    }

    [Fact]
    public void TemperatureTwoFlattens()
    {
        double[] roots = [.. new[] { 0.5, 0.25, 0.15, 0.07, 0.03 }.Select(Math.Sqrt)];

        AssertNear([.. roots.Select(root => root / roots.Sum())], Shares(new SamplingOptions { Temperature = 2, Seed = 2 }));
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(3, 1f)]
    [InlineData(0, 0.85f)]
    public void LikelyTokensFarApartInALargeVocabularyAreDrawnAlike(int topK, float topP)
    {
        int[] places = [0, 255, 256, 40_000, 49_151];
        var logits = new float[49_152];
        Array.Fill(logits, -30);
        for (var i = 0; i < places.Length; i++) logits[places[i]] = Logits[i];
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 1, TopK = topK, TopP = topP, Seed = 9 }, []);
        const int Draws = 2000;

        var drawn = Enumerable.Range(0, Draws).Select(_ => sampler.Draw(logits)).CountBy(token => token).ToDictionary();

        var kept = topK == 0 && topP == 1 ? 5 : 3;
        double[] expected = [0.5, 0.25, 0.15, 0.07, 0.03];
        Assert.Subset(places[..kept].ToHashSet(), drawn.Keys.ToHashSet());
        for (var i = 0; i < kept; i++) Assert.InRange(drawn.GetValueOrDefault(places[i]) / (double)Draws - expected[i] / expected[..kept].Sum(), -0.04, 0.04);
    }

    [Fact]
    public void TopKKeepsTheKLikeliest() =>
        AssertNear([0.5 / 0.75, 0.25 / 0.75, 0, 0, 0], Shares(new SamplingOptions { Temperature = 1, TopK = 2, Seed = 3 }));

    [Fact]
    public void TopPKeepsTheFewestThatReachIt() =>
        AssertNear([0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0], Shares(new SamplingOptions { Temperature = 1, TopP = 0.8f, Seed = 4 }));

    [Fact]
    public void ATinyTopPKeepsTheLikeliest() => Assert.All(Draw(new SamplingOptions { Temperature = 1, TopP = 1e-6f }, 50), token => Assert.Equal(0, token));

    [Fact]
    public void MinPKeepsWhatIsLikelyEnoughBesideTheLikeliest() => // 0.2 · 0.5 = 0.1
        AssertNear([0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0], Shares(new SamplingOptions { Temperature = 1, MinP = 0.2f, Seed = 5 }));

    [Fact]
    public void TopKCountsTiesByTokenId()
    {
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 1, TopK = 2, Seed = 6 }, []);

        Assert.All(Enumerable.Range(0, 200).Select(_ => sampler.Draw([1f, 1, 1, 1])), token => Assert.InRange(token, 0, 1));
    }

    [Fact]
    public void TheSameSeedDrawsTheSame()
    {
        var options = new SamplingOptions { Temperature = 1, Seed = 42 };

        Assert.Equal(Draw(options, 100), Draw(options, 100));
        Assert.NotEqual(Draw(options, 100), Draw(options with { Seed = 43 }, 100));
    }

    [Fact]
    public void SeededDrawsAreTheSameOnEveryMachine() => // computed from the definition of SplitMix64
        Assert.Equal([1, 0, 0, 1, 0, 0, 0, 1], Draw(new SamplingOptions { Temperature = 1, Seed = 0, TopK = 2 }, 8));

    [Fact]
    public void RepetitionPenaltyTouchesPromptAndAnswer()
    {
        var sampler = new TokenSampler(new SamplingOptions { RepetitionPenalty = 2 }, [0]);

        Assert.Equal(1, sampler.Draw([3f, 2, 1])); // 3 / 2 is less than 2
        Assert.Equal(0, sampler.Draw([3f, 2, 1])); // 2 / 2 is less than 3 / 2
        Assert.Equal(2, sampler.Draw([-1f, -1, -1.5f])); // below zero the penalty multiplies
    }

    [Fact]
    public void PresenceAndFrequencyTouchTheAnswerAlone()
    {
        var presence = new TokenSampler(new SamplingOptions { PresencePenalty = 1.5f }, [0, 0]);
        Assert.Equal([0, 1, 0, 0], Enumerable.Range(0, 4).Select(_ => presence.Draw([3f, 2, 0])));

        var frequency = new TokenSampler(new SamplingOptions { FrequencyPenalty = 0.6f }, [0, 0]);
        Assert.Equal([0, 0, 1, 0, 1], Enumerable.Range(0, 5).Select(_ => frequency.Draw([3f, 2, 0])));
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 4, 1)] // top-k larger than what is allowed
    [InlineData(1, 0, 0.9f)]
    public void AConstraintLeavesOnlyWhatItAllows(float temperature, int topK, float topP)
    {
        var constraint = new OddThenEven();
        var sampler = new TokenSampler(new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, Seed = 1, Constraint = constraint }, []);

        for (var i = 0; i < 200; i++) Assert.Equal((i + 1) % 2, sampler.Draw(Logits) % 2);

        Assert.Equal(200, constraint.Accepted);
    }

    [Fact]
    public void LogProbabilitiesAreTheModelsWhateverTheOptions()
    {
        var drawn = new DrawnTokens(top: 3);
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 3, FrequencyPenalty = 1, Seed = 1, Constraint = new OddThenEven(), Drawn = drawn }, []);
        var token = sampler.Draw([.. Logits.Select(logit => logit + 20)]); // a constant on all logits changes nothing

        var noted = drawn.Take();

        Assert.Equal((token, Logits[token]), (noted.Id, noted.Log), (a, b) => a.Item1 == b.Item1 && Math.Abs(a.Item2 - b.Item2) < 1e-4);
        Assert.Equal([0, 1, 2], noted.Top.Select(other => other.Id));
        Assert.All(noted.Top, other => Assert.Equal(Logits[other.Id], other.Log, 1e-4f));
    }

    [Fact]
    public void ValuesOutOfRangeAreRefusedByName()
    {
        Assert.Contains("TopP is 1.5", Assert.Throws<ArgumentException>(() => new SamplingOptions { TopP = 1.5f }.Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("Temperature is NaN", Assert.Throws<ArgumentException>(() => new SamplingOptions { Temperature = float.NaN }.Validate()).Message, StringComparison.Ordinal);
    }

    private sealed class OddThenEven : TokenConstraint
    {
        public int Accepted { get; private set; }

        public override bool IsComplete => false;

        public override void Mask(Span<float> logits)
        {
            for (var token = Accepted % 2; token < logits.Length; token += 2) logits[token] = float.NegativeInfinity;
        }

        public override void Accept(int token) => Accepted++;
    }

    private static List<int> Draw(SamplingOptions options, int count)
    {
        var sampler = new TokenSampler(options, []);
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Draw(Logits))];
    }

    private static double[] Shares(SamplingOptions options)
    {
        const int Count = 20_000;
        var counts = new double[Logits.Length];
        foreach (var token in Draw(options, Count)) counts[token]++;
        return [.. counts.Select(count => count / Count)];
    }

    /// <summary>Four standard deviations of a share near one half, from 20,000 draws.</summary>
    private static void AssertNear(double[] expected, double[] shares)
    {
        for (var i = 0; i < expected.Length; i++) Assert.InRange(shares[i], expected[i] == 0 ? 0 : expected[i] - 0.0145, expected[i] == 0 ? 0 : expected[i] + 0.0145);
    }
}

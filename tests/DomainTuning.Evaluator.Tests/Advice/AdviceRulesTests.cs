using DomainTuning.Evaluator.Advice;

namespace DomainTuning.Evaluator.Tests.Advice;

public sealed class AdviceRulesTests
{
    /// <summary>A corpus like the sample: public manuals in the base's language, few questions, a search that works, answers that the quote does not give.</summary>
    private static readonly CorpusSurvey Manuals = new()
    {
        Corpus = "pumps", ChatModel = "small", Parameters = 135_000_000, Documents = 6, Chunks = 1146, MedianChunkTokens = 200, Tokens = 300_000, Churn = 0, Labelled = 373,
        TokensPerWord = 1.5, GeneralTokensPerWord = 1.2, KnownWords = 0.6, Perplexity = 24, GeneralPerplexity = 12, ClosedBook = new(0.05, 24),
        PageAt1 = new(0.7, 150), PageAt2 = new(0.88, 150), PageAt10 = new(0.98, 150), InFirstPassages = new(0.8, 50), Quote = new(0.6, 50),
        Processor = "two cores", Cores = 2, MemoryGigabytes = 16, Gflops = 200, ChunksPerSecond = 30,
    };

    public static TheoryData<string, string, CorpusSurvey> Routed => new()
    {
        { "the cold start is LoRA, then retrieval", Routes.Both, Manuals },
        { "a quote that gives what search finds leaves an adapter nothing", Routes.Retrieval, Manuals with { Quote = new(0.78, 50) } },
        { "facts that stand still and that search cannot find are learnt", Routes.Adapter, Manuals with { PageAt10 = new(0.3, 150), ClosedBook = new(0.4, 24) } },
        { "facts that change are looked up, however badly search works", Routes.Both, Manuals with { PageAt10 = new(0.3, 150), ClosedBook = new(0.4, 24), Churn = 0.4 } },
        { "many examples and much strange text: continued pre-training", Routes.ContinuedPretraining, Manuals with { Labelled = 20_000, Tokens = 50_000_000, Gflops = 50_000 } },
        { "the same without the compute", Routes.Both, Manuals with { Labelled = 20_000, Tokens = 50_000_000, Gflops = 20 } },
        { "a language of its own, with tokens and compute for it", Routes.Scratch, Manuals with { KnownWords = 0.04, Tokens = 5_000_000_000, Gflops = 500_000 } },
        { "a language of its own in a small corpus", Routes.Both, Manuals with { KnownWords = 0.04 } },
        { "nothing but sizes was measured", Routes.Both, new CorpusSurvey { Corpus = "pumps", ChatModel = "small", Processor = "?" } },
    };

    [Theory]
    [MemberData(nameof(Routed))]
    public void EachSurveyHasItsRoute(string why, string route, CorpusSurvey survey) => Assert.True(route == AdviceRules.Advise(survey, 1).Route, why);

    [Fact]
    public void EveryLineNamesItsMeasurementItsRuleAndHowToOverrideIt()
    {
        var report = AdviceRules.Advise(Manuals, 1);

        Assert.Equal(10, report.Lines.Count);
        Assert.All(report.Lines, line => Assert.DoesNotContain("", new[] { line.Measurement, line.Rule, line.Override }));
        Assert.All(report.Lines.SkipLast(1), line => Assert.Contains("--assume ", line.Override, StringComparison.Ordinal));
        Assert.Contains(report.Lines, line => line is { SpeaksFor: Routes.Adapter } && line.Rule == "fewer than 10,000 speak for LoRA over continued pre-training");
        Assert.Contains(report.Lines, line => line.Measurement == "perplexity 24.0 on the corpus, 12.0 on general text: ×2.00");
        Assert.Contains("88 % of the answers", AdviceText.Write(AdviceRules.Advise(Manuals with { InFirstPassages = new(0.88, 50) }, 1)), StringComparison.Ordinal);
    }

    /// <summary>What a line tells a user to type has the effect that it promises.</summary>
    [Theory]
    [InlineData("quote=0.79", Routes.Retrieval)]
    [InlineData("page10=0.2", Routes.Both)]
    [InlineData("domainShare=0.01", Routes.Both)]
    public void AnAssumedValueStandsInPlaceOfTheMeasuredOneAndIsMarked(string assumption, string route)
    {
        var report = AdviceRules.Advise(Manuals with { Assumed = Assumptions.Parse([assumption]) }, 1);

        Assert.Equal(route, report.Route);
        Assert.Contains(report.Lines, line => line.Measurement.Contains("(assumed)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("weather=1", "'weather' is not known")]
    [InlineData("churn", "a number of 0 or more is expected")]
    [InlineData("churn=often", "a number of 0 or more is expected")]
    [InlineData("churn=1.5", "0 to 1 is expected")]
    [InlineData("gflops=-1", "a number of 0 or more is expected")]
    public void AnAssumptionThatCannotBeUsedSaysWhatIsExpected(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Assumptions.Parse([text])).Message, StringComparison.Ordinal);

    [Fact]
    public void ThePictureHasThreeSidesAndHoursFollowTheOperations()
    {
        var report = AdviceRules.Advise(Manuals, 1);

        Assert.Equal(["knowledge complexity", "data scale", "compute"], report.Sides.Select(side => side.Name));
        Assert.All(report.Sides, side => Assert.InRange(side.Extent, 0.05, 0.95));
        // 4 · 135e6 weights · (373 + 800) examples · 420 tokens at 40 % of 200 GFLOPS
        Assert.Equal(4 * 135e6 * 1173 * 420 / (200e9 * 0.4) / 3600, report.Hours.Single(entry => entry.Route == Routes.Adapter).Hours!.Value, 6);
        Assert.Equal(1146 / 30.0 / 3600, report.Hours.Single(entry => entry.Route == Routes.Retrieval).Hours!.Value, 9);
        Assert.All(AdviceRules.Advise(Manuals with { Gflops = null, ChunksPerSecond = null }, 1).Hours, entry => Assert.Null(entry.Hours));
    }
}

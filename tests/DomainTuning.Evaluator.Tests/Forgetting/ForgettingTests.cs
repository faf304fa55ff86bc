using DomainTuning.Answering;
using DomainTuning.Evaluator.Forgetting;
using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Tests.Forgetting;

public sealed class ForgettingTests(GoldenAdapters golden) : IClassFixture<GoldenAdapters>
{
    /// <summary>Short: the tiny model has 256 places and hardly a word that is one token.</summary>
    private static readonly GeneralText Short = new(
        ["The ferry gave two long notes.", "Bread needs flour, water and time.", "Snow fell all night in the valley.", "She struck a match and laughed."],
        [new ReadingPassage("The cat is grey.", [new ReadingQuestion("What is grey?", ["cat", "the cat"]), new ReadingQuestion("Which colour?", ["grey"])])]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PerplexityAfterAnAdapterIsThatOfTheScorerUnderTheAdapter()
    {
        var change = Assert.Single(await new ForgettingRun(Reader(null), Short).RunAsync([Reader("lora-r16-all")], cancellationToken: Cancellation));

        var scorer = (TextScorer)golden.Model.GetService(typeof(TextScorer))!;
        var (before, after) = (await PerplexityAsync(scorer, null), await PerplexityAsync(scorer, golden.Model.ModelId + ":lora-r16-all"));
        Assert.Equal(before, change.Perplexity!.Before, 6);
        Assert.Equal(after, change.Perplexity.After, 6);
        Assert.True(Math.Abs(after - before) > 1e-3, "the adapter must do something, or this test shows nothing");
        Assert.Equal(after / before, change.Perplexity.Ratio.Mean, 6);
        Assert.InRange(change.Perplexity.Ratio.Mean, change.Perplexity.Ratio.Low, change.Perplexity.Ratio.High);
        Assert.Equal((4, 2), (change.Perplexity.Pieces, change.Reading.Before.Questions));
    }

    [Fact]
    public async Task AnAdapterThatDoesNothingForgetsNothing()
    {
        var change = Assert.Single(await new ForgettingRun(Reader(null), Short).RunAsync([Reader("nothing")], cancellationToken: Cancellation));

        Assert.Equal(1, change.Perplexity!.Ratio.Mean, 9);
        Assert.False(change.Perplexity.IsDistinguishable);
        Assert.Equal(0, change.Reading.Difference.Difference);
        Assert.False(change.Reading.Difference.Distinguishable);
    }

    [Fact]
    public async Task ReadingIsScoredByTheAcceptedAnswersAndAModelWithoutProbabilitiesIsMeasuredByItAlone()
    {
        var knows = new GeneralReader("base", "b", new ScriptedModel(prompt => prompt.Contains("What is grey?", StringComparison.Ordinal) ? "The cat" : "It is grey."));
        var forgot = new GeneralReader("base:a", "a", new ScriptedModel(_ => "I cannot say."));

        var change = Assert.Single(await new ForgettingRun(knows, Short).RunAsync([forgot], cancellationToken: Cancellation));

        Assert.Null(change.Perplexity);
        Assert.Equal((1 + (2.0 / 4)) / 2, change.Reading.Before.Mean, 9);
        Assert.Equal(1, change.Reading.ContainedBefore.Mean);
        Assert.Equal(0, change.Reading.After.Mean);
        Assert.Equal(-0.75, change.Reading.Difference.Difference, 9);
    }

    [Fact]
    public async Task WhatWasScoredIsNotScoredAgainAndAnotherAdapterIs()
    {
        using var folder = new TemporaryFolder();
        var (first, second, other) = (new ScriptedModel(_ => "grey"), new ScriptedModel(_ => "grey"), new ScriptedModel(_ => "cat"));
        GeneralReader Base(ScriptedModel model) => new("base", "v1", model);

        await new ForgettingRun(Base(first), Short) { CacheFolder = folder.Path }.RunAsync([new GeneralReader("base:a", "v1 a", first)], cancellationToken: Cancellation);
        var again = await new ForgettingRun(Base(second), Short) { CacheFolder = folder.Path }.RunAsync([new GeneralReader("base:a", "v1 a", second), new GeneralReader("base:a", "v1 retrained", other)], cancellationToken: Cancellation);

        Assert.Equal(4, first.Prompts.Count);
        Assert.Empty(second.Prompts);
        Assert.Equal(2, other.Prompts.Count);
        Assert.Equal(0, again[0].Reading.Difference.Difference);
    }

    [Fact]
    public void TheShippedTextIsWholeAndItsQuestionsAreAnsweredByTheirPassages()
    {
        var text = GeneralText.Shipped;

        Assert.InRange(text.Pieces.Count, 20, 40);
        Assert.All(text.Pieces, piece => Assert.InRange(piece.Split(' ').Length, 50, 110));
        Assert.InRange(text.Reading.Sum(passage => passage.Questions.Count), 30, 40);
        Assert.All(text.Reading, passage => Assert.All(passage.Questions, question =>
            Assert.Contains(question.Answers, answer => passage.Passage.Contains(answer, StringComparison.OrdinalIgnoreCase))));
    }

    [Fact]
    public async Task TheReportShowsEachAdaptersProvenanceAndForgetting()
    {
        var change = Assert.Single(await new ForgettingRun(Reader(null), Short).RunAsync([Reader("lora-r16-all")], cancellationToken: Cancellation));
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var run = new EvaluationRun(PumpCorpus.Recipe, pumps.Chunks, [], [pumps.Quote()])
        {
            Adapters = [AdapterSummary.Of("tiny:a", null) with { Forgetting = change }, AdapterSummary.Of("tiny:b", new TrainedOn(["pump § 9"], ["x-1", "x-2"]))],
        };

        var result = await run.RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        foreach (var report in new[] { MarkdownReport.Write(result), HtmlReport.Write(result) })
        {
            Assert.Contains("unknown provenance", report, StringComparison.Ordinal);
            Assert.Contains("trained on 1 sections and 2 questions, none of them asked here", report, StringComparison.Ordinal);
            Assert.Contains(change.Perplexity!.After.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture), report, StringComparison.Ordinal);
            Assert.Contains("not measured", report, StringComparison.Ordinal);
        }

        Assert.Contains("'tiny:a' is of unknown provenance", Assert.Single(result.Notes), StringComparison.Ordinal);
        Assert.Contains("\"forgetting\":{\"adapter\":", ResultJson.Write(result), StringComparison.Ordinal);
    }

    private GeneralReader Reader(string? adapter) => adapter is null
        ? new GeneralReader(golden.Model.ModelId, "base", golden.Model)
        : new GeneralReader(golden.Model.ModelId + ":" + adapter, adapter, golden.Model.WithAdapter(adapter));

    private static async Task<double> PerplexityAsync(TextScorer scorer, string? arm)
    {
        var scores = await scorer.ScoreAsync([.. Short.Pieces.Select(piece => new ScoringRequest("", piece) { ModelId = arm })], Cancellation);
        return Math.Exp(-scores.Sum(score => score.Sum) / scores.Sum(score => score.LogProbabilities.Count));
    }
}

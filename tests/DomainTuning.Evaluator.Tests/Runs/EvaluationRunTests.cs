using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Tests.Runs;

public sealed class EvaluationRunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryArmAnswersTheSameQuestionsAndIsScoredAgainstGold()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var knowing = new ScriptedModel(prompt => prompt.Contains("litres", StringComparison.Ordinal) && prompt.EndsWith("deliver?\nAnswer:", StringComparison.Ordinal) ? "40 litres per minute" : "not in the documents");

        var result = await pumps.Run([pumps.Base(knowing), pumps.Quote(), pumps.Rag(knowing)]).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        Assert.Equal(4, result.Questions.Count);
        var rag = result.Arms.Single(arm => arm.Name == "rag");
        Assert.Equal((2, 0, 2, 0), (rag.Correct, rag.Wrong, rag.Refused, rag.Errors));
        Assert.Equal(0.5, rag.Scores["correct"].Mean);
        Assert.Equal(1.0 / 3, rag.Scores["em"].Mean, 9);
        Assert.Equal(0.5, rag.Scores["refusal right"].Mean);
        var quote = result.Questions[2].Answers["quote"];
        Assert.Equal("correct", quote.Outcome);
        Assert.Equal(1, quote.Scores["citation hit"]);
        Assert.Equal(1, quote.Scores["verbatim"]);
        Assert.Contains(result.ArmPairs, pair => pair is { First: "quote", Second: "rag", Measure: "correct", Kind: null, Questions: 4 });
    }

    [Fact]
    public async Task SearchesAreJudgedByEvidencePageAndQuestionsWithoutEvidenceAreLeftOut()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);

        var result = await pumps.Run([]).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        var hybrid = result.Searches.Single(search => search.Name == "hybrid");
        Assert.Equal(3, hybrid.Scores["hit@1"].Questions);
        Assert.Equal(1, hybrid.Scores["hit@1"].Mean);
        Assert.Equal(1, hybrid.Scores["page mrr@10"].Mean);
        Assert.Equal(1, hybrid.Scores["chunk r@1"].Mean);
        // One chunk of the plain baseline holds the whole manual: every page is found, none of them first alone.
        Assert.Equal(1, result.Searches.Single(search => search.Name == "plain").Scores["hit@1"].Mean);
        Assert.Empty(result.Questions[3].Searches["hybrid"].Scores);
    }

    [Fact]
    public async Task AnErrorIsAWrongAnswerAndNeitherTheEndOfTheRunNorNaN()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var failing = new ScriptedModel(prompt => prompt.Contains("Question: What does error E17 report?", StringComparison.Ordinal) ? throw new IOException("the line is dead") : "40");

        var result = await pumps.Run([pumps.Rag(failing)]).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        var arm = Assert.Single(result.Arms);
        Assert.Equal(1, arm.Errors);
        Assert.Equal("IOException: the line is dead", result.Questions[2].Answers["rag"].Error);
        Assert.Equal(4, arm.Scores["correct"].Questions);
        Assert.All(arm.Scores.Values, score => Assert.True(double.IsFinite(score.Mean) && double.IsFinite(score.Low) && double.IsFinite(score.High)));
        Assert.DoesNotContain("NaN", ResultJson.Write(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKilledRunGoesOnAndAskedQuestionsAreNotAskedAgain()
    {
        using var folder = new TemporaryFolder();
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var asked = 0;
        var dying = new ScriptedModel(_ =>
        {
            if (Interlocked.Increment(ref asked) == 3) killed.Cancel();
            killed.Token.ThrowIfCancellationRequested();
            return "40";
        });
        var slow = new EvaluationRun(PumpCorpus.Recipe with { Parallel = 1 }, pumps.Chunks, [], [pumps.Rag(dying)]) { CacheFolder = folder.Path };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow.RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: killed.Token));
        // The kill cut the last line off.
        await File.AppendAllTextAsync(Directory.GetFiles(folder.Path, "rag-*.jsonl").Single(), "{\"key\":\"torn", Cancellation);

        var second = new ScriptedModel(_ => "40");
        var result = await pumps.Run([pumps.Rag(second)], folder.Path).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);
        var third = new ScriptedModel(_ => "40");
        await pumps.Run([pumps.Rag(third)], folder.Path).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        Assert.Equal(2, second.Prompts.Count);
        Assert.Empty(third.Prompts);
        Assert.All(result.Questions, question => Assert.Equal("40", question.Answers["rag"].Answer!.Text));
    }

    [Fact]
    public async Task AnotherModelNeverAnswersFromTheFirstOnesCache()
    {
        using var folder = new TemporaryFolder();
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        await pumps.Run([pumps.Rag(new ScriptedModel(_ => "40"))], folder.Path).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        var other = new ScriptedModel(_ => "41");
        var result = await pumps.Run([pumps.Rag(other, identity: "model v2")], folder.Path).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        Assert.Equal(4, other.Prompts.Count);
        Assert.All(result.Questions, question => Assert.Equal("41", question.Answers["rag"].Answer!.Text));
    }

    [Fact]
    public async Task TheJudgesFailuresAreCountedAndItsAgreementIsMeasured()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var model = new ScriptedModel(_ => "40");
        var judge = new AnswerJudge("judge", new ScriptedModel(prompt => prompt.Contains("litres", StringComparison.Ordinal) ? "Yes." : prompt.Contains("E17", StringComparison.Ordinal) ? "hmm" : "no"));
        var run = new EvaluationRun(PumpCorpus.Recipe, pumps.Chunks, [], [pumps.Rag(model)]) { Judge = judge };

        var result = await run.RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        Assert.Equal((3, 1, 1.0), (result.Judge!.Judged, result.Judge.Failures, result.Judge.Agreement));
        Assert.Equal("failed", result.Questions[2].Answers["rag"].Judgement);
        Assert.Null(result.Questions[3].Answers["rag"].Judgement);
    }

    [Fact]
    public void ALimitSpreadsOverTheSplitAndIsTheSameEachTime()
    {
        var recipe = PumpCorpus.Recipe with { Limit = 2 };

        var first = EvaluationRun.Choose(PumpCorpus.Questions, recipe);

        Assert.Equal(2, first.Count);
        Assert.Equal(first, EvaluationRun.Choose([.. PumpCorpus.Questions], recipe));
        Assert.Throws<EvaluationException>(() => EvaluationRun.Choose(PumpCorpus.Questions, recipe with { Split = "train" }));
    }
}

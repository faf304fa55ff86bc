using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Tests.Runs;

public sealed class ComparisonTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AResultComparedWithItselfDiffersNowhereAndAChangeIsNamed()
    {
        var (right, wrong) = (await ResultAsync("40"), await ResultAsync("41"));

        var same = ResultComparison.Of(right, right);
        var changed = ResultComparison.Of(right, wrong);

        Assert.All(same.Rows, row => Assert.Equal((0, false), (row.Difference, row.Distinguishable)));
        Assert.Empty(same.Changed);
        Assert.Equal("p-1", Assert.Single(changed.Changed).Question);
        Assert.Equal(-0.25, changed.Rows.Single(row => row is { First: "rag", Measure: "correct" }).Difference);
        Assert.Contains("not distinguishable with n = 4", changed.ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReproducingSaysWhichScoreMoved()
    {
        var recipe = Reproduction.Expecting(await ResultAsync("40"));

        Assert.All(Reproduction.Check(recipe, await ResultAsync("40")), score => Assert.True(score.Holds, score.ToString()));
        var moved = Reproduction.Check(recipe, await ResultAsync("41")).Where(score => !score.Holds).ToList();
        Assert.All(moved, score => Assert.Equal("rag", score.Expected.Of));
        Assert.Contains(moved, score => score.ToString().Contains("rag correct: expected 0.2500 ± 0.0100, got 0.0000, moved by -0.2500", StringComparison.Ordinal));
        Assert.Contains(Reproduction.Check(recipe with { Expected = [new ExpectedScore("gone", "f1", 1, 0.1)] }, await ResultAsync("40")), score => !score.Holds);
    }

    /// <summary>A recipe as a user runs it: written by one evaluation, read from its file, run again, and held against what it expects.</summary>
    [Fact]
    public async Task ARecipeIsReproducedFromItsFileAndAChangedModelIsCaught()
    {
        using var folder = new TemporaryFolder();
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        async Task<EvaluationResult> RunAsync(EvaluationRecipe recipe, string answer) =>
            await new EvaluationRun(recipe, pumps.Chunks, [pumps.Plain, pumps.Search()], [pumps.Quote(), pumps.Rag(new ScriptedModel(_ => answer), identity: answer)]) { CacheFolder = folder["answers"] }
                .RunAsync(EvaluationRun.Choose(PumpCorpus.Questions, recipe), PumpCorpus.Facts, "test", cancellationToken: Cancellation);
        var report = ResultFolder.Write(folder["out"], await RunAsync(PumpCorpus.Recipe with { Limit = 3 }, "40"));
        var recipe = ResultJson.ReadRecipe(Path.ChangeExtension(report, ".recipe.json"));

        var (same, other) = (Reproduction.Check(recipe, await RunAsync(recipe, "40")), Reproduction.Check(recipe, await RunAsync(recipe, "41")));

        Assert.Equal((3, 12), (recipe.Limit, recipe.Expected.Count));
        Assert.All(same, score => Assert.True(score.Holds, score.ToString()));
        var moved = other.Where(score => !score.Holds).Select(score => score.ToString()).ToList();
        Assert.NotEmpty(moved);
        Assert.All(moved, line => Assert.Matches(@"^rag (correct|f1): expected 0\.\d{4} ± 0\.0100, got 0\.0000, moved by -0\.\d{4}$", line));
    }

    [Fact]
    public async Task ResultsAndRecipesComeBackFromTheirFiles()
    {
        using var folder = new TemporaryFolder();
        var result = await ResultAsync("40");
        await File.WriteAllTextAsync(folder["r.json"], ResultJson.Write(result), Cancellation);
        await File.WriteAllTextAsync(folder["bad.json"], """{ "frobnicate": 1 }""", Cancellation);

        var back = ResultJson.ReadResult(folder["r.json"]);

        Assert.Equal(ResultJson.Write(result), ResultJson.Write(back));
        Assert.Equal(result.Questions[0].Answers["rag"].Answer!.Passages.Select(passage => passage.Text), back.Questions[0].Answers["rag"].Answer!.Passages.Select(passage => passage.Text));
        Assert.Equal(result.Questions[0].Answers["rag"].Scores, back.Questions[0].Answers["rag"].Scores);
        Assert.Contains("bad.json", Assert.Throws<EvaluationException>(() => ResultJson.ReadRecipe(folder["bad.json"])).Message, StringComparison.Ordinal);
        Assert.Contains("bad.json", Assert.Throws<EvaluationException>(() => ResultJson.ReadResult(folder["bad.json"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APassageStandsOnceInAResultHoweverManyArmsReadIt()
    {
        using var folder = new TemporaryFolder();
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var model = new ScriptedModel(_ => "40");
        var result = await new EvaluationRun(PumpCorpus.Recipe, pumps.Chunks, [pumps.Search()], [pumps.Quote(), pumps.Rag(model), pumps.Rag(model, "other")])
            .RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);

        var (json, html) = (ResultJson.Write(result), HtmlReport.Write(result));

        foreach (var once in new[] { "Its motor draws 1.5 kW", "restart the controller" })
            Assert.Equal((2, 2), (json.Split(once).Length, html.Split(once).Length));
    }

    [Fact]
    public async Task AResultOfTheFirstFormatIsStillReadAndALaterOneIsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        var result = await ResultAsync("40");
        await File.WriteAllTextAsync(folder["old.json"], System.Text.Json.JsonSerializer.Serialize(result with { Format = 1 }, ResultJson.Lines), Cancellation);
        await File.WriteAllTextAsync(folder["new.json"], ResultJson.Write(result).Replace("\"format\": 2", "\"format\": 3", StringComparison.Ordinal), Cancellation);

        var comparison = ResultComparison.Of(ResultJson.ReadResult(folder["old.json"]), result);

        Assert.Empty(comparison.Changed);
        Assert.Contains("has the format 3; 1 and 2 are read here", Assert.Throws<EvaluationException>(() => ResultJson.ReadResult(folder["new.json"])).Message, StringComparison.Ordinal);
    }

    private static async Task<EvaluationResult> ResultAsync(string answer)
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        return await pumps.Run([pumps.Rag(new ScriptedModel(_ => answer))]).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);
    }
}

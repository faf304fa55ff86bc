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

    [Fact]
    public async Task ResultsAndRecipesComeBackFromTheirFiles()
    {
        using var folder = new TemporaryFolder();
        var result = await ResultAsync("40");
        await File.WriteAllTextAsync(folder["r.json"], ResultJson.Write(result), Cancellation);
        await File.WriteAllTextAsync(folder["bad.json"], """{ "frobnicate": 1 }""", Cancellation);

        var back = ResultJson.ReadResult(folder["r.json"]);

        Assert.Equal(ResultJson.Write(result), ResultJson.Write(back));
        Assert.Contains("bad.json", Assert.Throws<EvaluationException>(() => ResultJson.ReadRecipe(folder["bad.json"])).Message, StringComparison.Ordinal);
    }

    private static async Task<EvaluationResult> ResultAsync(string answer)
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        return await pumps.Run([pumps.Rag(new ScriptedModel(_ => answer))]).RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "test", cancellationToken: Cancellation);
    }
}

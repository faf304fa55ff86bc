using DomainTuning.Evaluator.Beir;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;
using Snapshooter.Xunit3;

namespace DomainTuning.Evaluator.Tests.Reports;

public sealed class ReportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheMarkdownReportReadsAsApproved() => MarkdownReport.Write(await SteadyAsync()).MatchSnapshot();

    [Fact]
    public async Task TheHtmlReportHoldsEveryQuestionAndLetsNoTextBecomeMarkup()
    {
        var html = HtmlReport.Write(await SteadyAsync("</script><img src=x onerror=alert(1)>\u202E"));

        Assert.All(PumpCorpus.Questions, question => Assert.Contains($"id=\"{question.Id}\"", html, StringComparison.Ordinal));
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.DoesNotContain("alert('x')", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.Equal(html.Split("<script>").Length, html.Split("</script>").Length);
        Assert.Single(html.Split("<script>").Skip(1));
        Assert.Contains("&lt;/script&gt;&lt;img src=x", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheHtmlReportNeedsNothingFromAnywhere()
    {
        var html = HtmlReport.Write(await SteadyAsync());

        Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
        Assert.DoesNotContain(" src=", html, StringComparison.Ordinal);
        Assert.Contains("default-src &#x27;none&#x27;", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
        Assert.Contains("@media print", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFolderHoldsReportResultRecipeAndRunsThatScoreTheSame()
    {
        using var folder = new TemporaryFolder();
        var result = await SteadyAsync();

        var report = ResultFolder.Write(folder.Path, result);

        Assert.True(File.Exists(report));
        Assert.Equal(result.Run, ResultJson.ReadResult(Path.ChangeExtension(report, ".json")).Run);
        var recipe = ResultJson.ReadRecipe(Path.ChangeExtension(report, ".recipe.json"));
        Assert.Equal(["base", "quote", "rag"], recipe.Arms);
        var judgements = TrecFile.ReadJudgements(Path.ChangeExtension(report, ".qrels"));
        var run = TrecFile.ReadRun(Path.ChangeExtension(report, ".hybrid.run"));
        var scores = RankingScores.Of(judgements, run, [RankingMeasure.Ndcg(10)]);
        Assert.Equal(result.Searches.Single(search => search.Name == "hybrid").Scores["page ndcg@10"].Mean, scores.Mean("ndcg@10"), 9);
        Assert.Empty(Directory.GetFiles(folder.Path, "*.partial"));
    }

    /// <summary>A result without what differs from machine to machine and from run to run.</summary>
    private static async Task<EvaluationResult> SteadyAsync(string answer = "40 | litres")
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var model = new ScriptedModel(_ => answer);
        var run = new EvaluationRun(PumpCorpus.Recipe, pumps.Chunks, [pumps.Plain, pumps.Search()], [pumps.Base(new ScriptedModel(_ => "I do not know.")), pumps.Quote(), pumps.Rag(model)])
        {
            Adapters = [AdapterSummary.Of("x", null)],
        };
        var result = await run.RunAsync(PumpCorpus.Questions, PumpCorpus.Facts, "domaintuning evaluate pumps", cancellationToken: Cancellation);
        return result with
        {
            Run = "20260102-030405-test",
            StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Seconds = 6,
            Program = "0.1.0",
            Machine = new MachineFacts("a processor", 2, 8, "a system", ".NET 10", 0.5),
            Arms = [.. result.Arms.Select(arm => arm with { Cost = new ArmCost(100, 7, 0.1, 0.2, 0.3, 20) })],
            Searches = [.. result.Searches.Select(search => search with { MedianSeconds = 0.01 })],
        };
    }
}

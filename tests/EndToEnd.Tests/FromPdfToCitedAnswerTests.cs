using System.Text.Json;

namespace EndToEnd.Tests;

/// <summary>The product's promise on real manuals with the shipped models and the network denied: a folder of PDFs in, a cited answer out.</summary>
public sealed class FromPdfToCitedAnswerTests(IngestedWorkspace workspace) : IClassFixture<IngestedWorkspace>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void IngestGivesAVerdictForEveryManual()
    {
        var first = workspace.FirstIngest;

        Assert.True(first.ExitCode == 0, first.Output + first.Error);
        Assert.Contains("glossary.pdf", first.Output, StringComparison.Ordinal);
        Assert.Contains("gcode-programming.pdf", first.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecondIngestSkipsWhatIsUnchanged()
    {
        var second = await RunAsync("ingest", "corpora/cnc", "--json");

        Assert.Equal(0, second.ExitCode);
        Assert.DoesNotContain("added", second.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("unchanged", second.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("quote@cnc")]
    [InlineData("smollm2-135m-instruct@cnc")]
    public async Task AnAnswerLeadsWithAQuoteFromTheRightPage(string model)
    {
        using var answer = await AskAsync("Which G-code is used for rigid tapping with spindle synchronized motion?", model);

        var citation = answer.RootElement.GetProperty("citations")[0];
        Assert.False(answer.RootElement.GetProperty("notInDocuments").GetBoolean());
        Assert.Equal("gcode-programming.pdf", citation.GetProperty("file").GetString());
        Assert.Contains("G33.1", answer.RootElement.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(0, citation.GetProperty("boxes").GetArrayLength());
    }

    [Fact]
    public async Task AQuestionThatTheManualsDoNotAnswerIsRefusedAsAnAnswer()
    {
        using var answer = await AskAsync("How long do I boil an egg?", "quote@cnc");

        Assert.True(answer.RootElement.GetProperty("notInDocuments").GetBoolean());
        Assert.Equal(0, answer.RootElement.GetProperty("citations").GetArrayLength());
    }

    [Fact]
    public async Task SearchRanksThePageThatDefinesTheCode()
    {
        var found = await RunAsync("search", "G33.1 rigid tapping", "--corpus", "cnc", "--json");

        Assert.True(found.ExitCode == 0, found.Error);
        using var hits = JsonDocument.Parse(found.Output);
        Assert.Contains(hits.RootElement.EnumerateArray().Take(3), hit => hit.GetProperty("text").GetString()!.Contains("G33.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MisuseIsToldFromFailure()
    {
        var misspelt = await RunAsync("serch", "x");
        var unknown = await RunAsync("ask", "x", "--model", "nothing@cnc");
        var missing = await RunAsync("ingest", "no-such-folder", "--corpus", "other");

        Assert.Equal(2, misspelt.ExitCode);
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("smollm2-135m-instruct@cnc", unknown.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, missing.ExitCode);
        Assert.Contains("no-such-folder", missing.Output + missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKilledIngestLeavesAWholeIndexAndTheNextRunCompletesIt()
    {
        string[] args = ["ingest", "corpora/cnc/documents", "--corpus", "killed"];
        await DomainTuningProcess.RunAsync(workspace.Folder.Path, args, Cancelled, killAfter: TimeSpan.FromSeconds(6));

        var next = await RunAsync([.. args, "--json"]);

        Assert.True(next.ExitCode == 0, next.Output + next.Error);
        var found = await RunAsync("search", "rigid tapping", "--corpus", "killed", "--json");
        Assert.Contains("G33.1", found.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheDoctorFindsEverythingInOrder()
    {
        var health = await RunAsync("doctor");

        Assert.True(health.ExitCode == 0, health.Output + health.Error);
    }

    [Fact]
    public void AllOfThisRanWithoutANetwork()
    {
        if (!DomainTuningProcess.NetworkIsDenied) Assert.Skip("This system cannot deny the network to a process; the other tests ran with it.");
    }

    private Task<ProcessResult> RunAsync(params string[] args) => DomainTuningProcess.RunAsync(workspace.Folder.Path, args, Cancelled);

    private async Task<JsonDocument> AskAsync(string question, string model)
    {
        var result = await RunAsync("ask", question, "--model", model, "--corpus", "cnc", "--json");
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return JsonDocument.Parse(result.Output);
    }
}

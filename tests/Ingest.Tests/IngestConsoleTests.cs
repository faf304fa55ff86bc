using System.CommandLine;
using Microsoft.Extensions.Time.Testing;
using Snapshooter.Xunit3;

namespace DomainTuning.Ingest.Tests;

public sealed class IngestConsoleTests : IDisposable
{
    private readonly TestCorpus corpus = new();
    private readonly StringWriter output = new() { NewLine = "\n" };
    private readonly StringWriter error = new() { NewLine = "\n" };

    public IngestConsoleTests()
    {
        corpus.Write("handbook.md", "# Spindle\n\nThe spindle turns at 24000 rpm.");
        corpus.Write("sub/größe.txt", "Size matters.");
        corpus.Write("broken.txt", "\0\0");
        corpus.Write("photo.jpg", "x");
    }

    public void Dispose() => corpus.Dispose();

    [Fact]
    public async Task JsonIsOneObjectAndNothingElse()
    {
        var report = await RunAsync(json: true);

        Assert.Equal(1, report.ExitCode);
        Assert.Empty(error.ToString());
        Snapshot.Match(output.ToString());
    }

    [Fact]
    public async Task APersonReadsVerdictsATableAndTheRemedies()
    {
        await RunAsync(json: false);

        Snapshot.Match(string.Join('\n', output.ToString().Split('\n').Select(line => line.TrimEnd())));
    }

    [Fact]
    public async Task AnIndexThatCannotBeOpenedIsOneSentenceAndExitOne()
    {
        await using var other = await corpus.OpenAsync();

        var report = await RunAsync(json: false);

        Assert.Equal(1, report.ExitCode);
        Assert.Equal(report.Stopped, Assert.Single(error.ToString().Trim().Split('\n')));
    }

    [Theory]
    [InlineData("ingest")]
    [InlineData("ingest x.md --corpus ../evil")]
    [InlineData("ingest x.md --time-limit 0")]
    [InlineData("ingest x.md --prune")]
    [InlineData("ingest x.md --tag \" \"")]
    public async Task MisuseIsExitTwoWithOneSentence(string line)
    {
        Assert.Equal(2, await InvokeAsync(line));
        Assert.Single(error.ToString().Trim().Split('\n'));
    }

    [Fact]
    public async Task TheHelpSaysWhatEveryFlagDoes()
    {
        Assert.Equal(0, await InvokeAsync("ingest --help"));
        Snapshot.Match(string.Join('\n', output.ToString().ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())));
    }

    private Task<IngestReport> RunAsync(bool json) =>
        IngestConsole.RunAsync(corpus.Options, (_, _) => corpus.OpenAsync(), output, error, json, new FakeTimeProvider(), TestContext.Current.CancellationToken);

    private Task<int> InvokeAsync(string line) =>
        new RootCommand("test") { IngestCommand.Create() }.Parse(line)
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);
}

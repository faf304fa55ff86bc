using System.CommandLine;
using System.Text.Json;
using DomainTuning.Onnx.Graphs;
using Snapshooter;
using Snapshooter.Xunit3;

namespace DomainTuning.Cli.Tests;

public sealed class CommandLineTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("up")]
    [InlineData("search")]
    [InlineData("ask")]
    [InlineData("serve")]
    [InlineData("models")]
    [InlineData("models add")]
    [InlineData("models convert")]
    [InlineData("models show")]
    [InlineData("adapters")]
    [InlineData("adapters merge")]
    [InlineData("adapters export")]
    [InlineData("adapters import")]
    [InlineData("evaluate")]
    [InlineData("evaluate beir")]
    [InlineData("evaluate forgetting")]
    [InlineData("evaluate reproduce")]
    [InlineData("advise")]
    [InlineData("keys")]
    [InlineData("keys add")]
    [InlineData("mcp")]
    [InlineData("questions check")]
    [InlineData("index")]
    [InlineData("index migrate")]
    [InlineData("doctor")]
    public void EveryVerbExplainsItself(string verb)
    {
        using var output = new StringWriter();
        string[] args = [.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];

        var exit = CommandLine.Create(new Terminal(output, output)).Parse(args).Invoke(new InvocationConfiguration { Output = output });

        Assert.Equal(0, exit);
        // The host's name differs between a test and a shell; the rest of the help is approved.
        var help = output.ToString().Replace(RootCommand.ExecutableName, "domaintuning", StringComparison.Ordinal).ReplaceLineEndings("\n");
        help.MatchSnapshot(SnapshotNameExtension.Create(verb.Length == 0 ? "root" : verb.Replace(' ', '-')));
    }

    [Fact]
    public void EveryFormOfWeightsCanBeSet() =>
        Assert.Equal(Enum.GetNames<WeightForm>().Select(name => name.ToLowerInvariant()), DomainTuning.Corpora.Settings.ChatForms);

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("ask")]
    [InlineData("search pumps --top many")]
    [InlineData("search pumps --mode sideways")]
    [InlineData("serve --port 99999")]
    [InlineData("models convert smollm2-135m-instruct --form int3")]
    [InlineData("models show x --context 0")]
    [InlineData("ask x --model @")]
    [InlineData("advise --assume churn=often")]
    [InlineData("advise --assume weather=1")]
    [InlineData("advise --minutes 0")]
    [InlineData("evaluate forgetting smollm2-135m-instruct")]
    [InlineData("adapters merge m a")]
    [InlineData("adapters merge m a --as x --into-model y")]
    [InlineData("adapters merge m a --into-model y --rank 4")]
    [InlineData("adapters export m a x --format pickle")]
    [InlineData("adapters export m a x")]
    [InlineData("index migrate pumps")]
    public async Task MisuseExitsWithTwoAndSaysWhatIsExpected(string line)
    {
        using var folder = new TemporaryFolder();

        var (exit, _, error) = await RunAsync(line.Split(' '), folder);

        Assert.Equal(2, exit);
        Assert.NotEqual("", error.Trim());
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AskingBeforeIngestingSaysWhatToRun()
    {
        using var folder = new TemporaryFolder();

        var (exit, _, error) = await RunAsync(["ask", "x"], folder);

        Assert.Equal(2, exit);
        Assert.Contains("domaintuning ingest", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpWithoutACorpusSaysWhereToPutOne()
    {
        using var folder = new TemporaryFolder();

        var (exit, _, error) = await RunAsync(["up"], folder);

        Assert.Equal(2, exit);
        Assert.Contains(Path.Combine(folder.Path, "corpora"), error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongKeyInTheSettingsFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["domaintuning.json"], """{ "prot": 80 }""", Cancelled);

        var (exit, _, error) = await RunAsync(["doctor"], folder);

        Assert.Equal(2, exit);
        Assert.Contains("'prot'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfflineRefusesToFetchAModel()
    {
        using var folder = new TemporaryFolder();

        var (exit, _, error) = await RunAsync(["models", "add", "owner/name", "--offline"], folder);

        Assert.Equal(1, exit);
        Assert.Contains("--offline", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models"]) && Directory.EnumerateFileSystemEntries(folder["models"]).Any());
    }

    [Fact]
    public async Task AModelIsAddedListedAndRemoved()
    {
        using var folder = new TemporaryFolder();

        var added = await RunAsync(["models", "add", Fixtures.Model("bge-small-zh-v1.5")], folder);
        var (_, listed, _) = await RunAsync(["models", "list", "--json"], folder);
        var removed = await RunAsync(["models", "remove", "bge-small-zh-v1.5"], folder);
        var (_, empty, _) = await RunAsync(["models", "list", "--json"], folder);

        Assert.True(added.Exit == 0, added.Error);
        using var models = JsonDocument.Parse(listed);
        Assert.Equal("bge-small-zh-v1.5", models.RootElement[0].GetProperty("id").GetString());
        Assert.Equal("encoder", models.RootElement[0].GetProperty("kind").GetString());
        Assert.Equal(0, removed.Exit);
        Assert.Equal("[]", empty.Trim());
    }

    [Fact]
    public async Task AModelIsShownWithTheMemoryThatItNeeds()
    {
        using var folder = new TemporaryFolder();
        await RunAsync(["models", "add", Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf"), "--id", "tiny"], folder);

        var (_, json, _) = await RunAsync(["models", "show", "tiny", "--context", "100", "--requests", "3", "--json"], folder);
        var (exit, text, _) = await RunAsync(["models", "show", "tiny"], folder);
        var (_, listed, _) = await RunAsync(["models", "list", "--json"], folder);

        Assert.Equal(0, exit);
        using var model = JsonDocument.Parse(json);
        var memory = model.RootElement.GetProperty("memory");
        Assert.Equal((512, 100, 3), (model.RootElement.GetProperty("contextTokens").GetInt32(), memory.GetProperty("contextTokens").GetInt32(), memory.GetProperty("requests").GetInt32()));
        Assert.Equal(100 * 3 * (2 * 3 * 2 * 16 * 4), memory.GetProperty("cache").GetInt64());
        Assert.Contains("512 tokens × 1", text, StringComparison.Ordinal);
        Assert.Contains("licence       unknown", text, StringComparison.Ordinal);
        using var rows = JsonDocument.Parse(listed);
        Assert.True(rows.RootElement[0].GetProperty("memoryBytes").GetInt64() > 200_000_000);
    }

    [Fact]
    public async Task TheDoctorFailsWhenAModelIsMissing()
    {
        using var folder = new TemporaryFolder();

        var (exit, output, _) = await RunAsync(["doctor", "--json"], folder);

        Assert.Equal(1, exit);
        using var report = JsonDocument.Parse(output);
        Assert.False(report.RootElement.GetProperty("healthy").GetBoolean());
        Assert.Contains(report.RootElement.GetProperty("checks").EnumerateArray(), check =>
            check.GetProperty("state").GetString() == "Failed" && check.GetProperty("message").GetString()!.Contains("smollm2-135m-instruct", StringComparison.Ordinal));
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(IEnumerable<string> args, TemporaryFolder? workspace = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var place = workspace is null || args.First() is "frobnicate" ? [] : new[] { "--workspace", workspace.Path };
        var exit = await CommandLine.RunAsync([.. args, .. place], output, error, Cancelled);
        return (exit, output.ToString(), error.ToString());
    }
}

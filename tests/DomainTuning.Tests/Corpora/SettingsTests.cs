using DomainTuning.Corpora;

namespace DomainTuning.Tests.Corpora;

public sealed class SettingsTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void FlagsWinOverVariablesAndVariablesOverTheFile()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["domaintuning.json"], """{ "port": 1, "top": 3, "denseWeight": 0.25, "offline": true }""");

        var settings = Settings.Load(folder["domaintuning.json"],
            new Dictionary<string, string> { ["DOMAINTUNING_PORT"] = "2", ["DOMAINTUNING_TOP"] = "4", ["PATH"] = "/bin" },
            new Dictionary<string, string> { ["port"] = "3" });

        Assert.Equal((3, 4, 0.25, true), (settings.Port, settings.Top, settings.DenseWeight, settings.Offline));
        Assert.Equal("--port", settings.Sources["port"]);
        Assert.Equal("DOMAINTUNING_TOP", settings.Sources["top"]);
        Assert.Equal("domaintuning.json", settings.Sources["denseWeight"]);
        Assert.DoesNotContain("host", settings.Sources.Keys);
    }

    [Theory]
    [InlineData("""{ "prot": 80 }""", "'prot'")]
    [InlineData("""{ "port": "eighty" }""", "a whole number from 0 to 65535")]
    [InlineData("""{ "port": 70000 }""", "a whole number from 0 to 65535")]
    [InlineData("""{ "denseWeight": 1.5 }""", "a number from 0 to 1")]
    [InlineData("""{ "top": [1] }""", "must be a text, a number")]
    [InlineData("""{ "chatForm": "int3" }""", "one of auto, float32, blocks8, w8a8, blocks4")]
    [InlineData("[]", "one JSON object")]
    [InlineData("{ \"port\": }", "not valid JSON")]
    public void AWrongFileIsRefusedWithWhatIsExpected(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["domaintuning.json"], json);

        var error = Assert.Throws<SettingsException>(() => Settings.Load(folder["domaintuning.json"], None, None));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("domaintuning.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMisspeltVariableIsRefused()
    {
        var error = Assert.Throws<SettingsException>(() =>
            Settings.Load("absent.json", new Dictionary<string, string> { ["DOMAINTUNING_PROT"] = "80" }, None));

        Assert.Contains("DOMAINTUNING_PORT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FlagAndVariableFollowFromTheKey()
    {
        var key = Settings.Keys.Single(key => key.Name == "chatModel");

        Assert.Equal(("--chat-model", "DOMAINTUNING_CHAT_MODEL"), (key.Flag, key.Variable));
    }

    [Fact]
    public void TheWorkspaceIsTheNearestFolderThatHoldsOne()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["corpora"]);
        Directory.CreateDirectory(Path.Combine(folder["corpora"], "pumps", "documents"));

        var workspace = Workspace.Find(Path.Combine(folder["corpora"], "pumps", "documents"));

        Assert.Equal(folder.Path, workspace.Root);
    }
}

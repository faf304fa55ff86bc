using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DomainTuning.Tests;

/// <summary>Holds the arrows of docs/architecture.md: who may know whom, between projects and between rooms.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["src/DomainTuning"] = [],
        ["src/DomainTuning.Checkpoints"] = [],
        ["src/DomainTuning.Stores"] = ["src/DomainTuning"],
        ["src/DomainTuning.Onnx"] = ["src/DomainTuning", "src/DomainTuning.Checkpoints"],
        ["src/DomainTuning.Endpoints"] = ["src/DomainTuning", "src/DomainTuning.Checkpoints"],
        ["ingest"] = ["src/DomainTuning.Stores", "src/DomainTuning.Onnx", "src/DomainTuning.Endpoints"],
        ["src/DomainTuning.Arms"] = ["src/DomainTuning.Stores", "src/DomainTuning.Onnx", "src/DomainTuning.Endpoints"],
        // The server takes uploads: the same readers, limits and verdicts as the command line, instead of a second pipeline that would drift.
        ["src/DomainTuning.Server"] = ["src/DomainTuning.Arms", "ingest"],
        ["src/DomainTuning.Evaluator"] = ["src/DomainTuning.Arms"],
        ["src/DomainTuning.Tuning"] = ["src/DomainTuning.Arms"],
        ["src/DomainTuning.Trainer"] = ["src/DomainTuning", "src/DomainTuning.Checkpoints"],
        ["src/DomainTuning.Cli"] = ["ingest", "src/DomainTuning.Server", "src/DomainTuning.Evaluator", "src/DomainTuning.Tuning"],
    };

    /// <summary>The core's rooms from left to right, each with the rooms that it may know.</summary>
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["Documents"] = [],
        ["Corpora"] = ["Documents"],
        ["Adapters"] = [],
        ["Training"] = [],
        ["Embeddings"] = [],
        ["Chunks"] = ["Documents", "Embeddings"],
        ["Indexing"] = ["Documents", "Chunks", "Embeddings"],
        ["Retrieval"] = ["Documents", "Chunks", "Embeddings", "Indexing"],
        ["Answering"] = ["Documents", "Adapters", "Chunks", "Embeddings", "Indexing", "Retrieval"],
    };

    [Fact]
    public void ProjectsKnowOnlyTheProjectsTheyMay()
    {
        foreach (var (project, allowed) in Projects)
        {
            var folder = Path.Combine(Fixtures.Root, project);
            var file = Directory.GetFiles(folder, "*.csproj").Single();
            var known = XDocument.Load(file).Descendants("ProjectReference")
                .Select(reference => Path.GetRelativePath(Fixtures.Root, Path.GetFullPath(Path.Combine(folder, Path.GetDirectoryName(reference.Attribute("Include")!.Value)!))).Replace('\\', '/'));

            Assert.Equal(allowed.Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void EveryProjectIsOnTheMap()
    {
        var found = Directory.GetFiles(Path.Combine(Fixtures.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Append(Path.Combine(Fixtures.Root, "ingest", "Ingest.csproj"))
            .Select(file => Path.GetRelativePath(Fixtures.Root, Path.GetDirectoryName(file)!).Replace('\\', '/'));

        Assert.Equal(Projects.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void RoomsOfTheCoreKnowOnlyTheRoomsToTheirLeft()
    {
        var core = Path.Combine(Fixtures.Root, "src", "DomainTuning");
        foreach (var (room, allowed) in Rooms)
            foreach (var file in Directory.GetFiles(Path.Combine(core, room), "*.cs", SearchOption.AllDirectories))
                foreach (Match use in RoomUse().Matches(File.ReadAllText(file)))
                    Assert.True(
                        use.Groups[1].Value == room || allowed.Contains(use.Groups[1].Value) || !Rooms.ContainsKey(use.Groups[1].Value),
                        $"{Path.GetRelativePath(Fixtures.Root, file)} knows DomainTuning.{use.Groups[1].Value}, which is not to the left of {room}.");
    }

    [Fact]
    public void EveryRoomOfTheCoreIsOnTheMap()
    {
        var found = Directory.GetDirectories(Path.Combine(Fixtures.Root, "src", "DomainTuning"))
            .Select(folder => Path.GetFileName(folder)!)
            .Where(name => name is not ("bin" or "obj"));

        Assert.Equal(Rooms.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NoFileIsCalledByWhatItIsNot()
    {
        var vague = SourceFiles().Where(file => VagueName().IsMatch(Path.GetFileNameWithoutExtension(file)));

        Assert.Empty(vague.Select(file => Path.GetRelativePath(Fixtures.Root, file)));
    }

    [Fact]
    public void TheCoreAndTheCheckpointsHoldNothingNative()
    {
        foreach (var project in new[] { "DomainTuning", "DomainTuning.Checkpoints" })
        {
            var text = File.ReadAllText(Path.Combine(Fixtures.Root, "src", project, project + ".csproj"));
            Assert.DoesNotContain("OnnxRuntime", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Sqlite", text, StringComparison.Ordinal);
            Assert.DoesNotContain("TorchSharp", text, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> SourceFiles() =>
        new[] { "src", "ingest" }.SelectMany(top => Directory.EnumerateFiles(Path.Combine(Fixtures.Root, top), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    [GeneratedRegex(@"\bDomainTuning\.(Documents|Corpora|Training|Embeddings|Chunks|Indexing|Retrieval|Answering)\b", RegexOptions.CultureInvariant)]
    private static partial Regex RoomUse();

    [GeneratedRegex(@"(Service|Manager|Helper|Helpers|Utils|Util|Factory|Provider|Handler)$", RegexOptions.CultureInvariant)]
    private static partial Regex VagueName();
}

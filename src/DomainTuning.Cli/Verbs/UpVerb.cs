using System.CommandLine;
using DomainTuning.Corpora;
using DomainTuning.Ingest;

namespace DomainTuning.Cli.Verbs;

/// <summary>up: the first start. Ingests every corpus of the workspace (what is unchanged is skipped), then serves.</summary>
internal static class UpVerb
{
    /// <summary>A file beside a corpus' documents with a question a line; the first three are shown.</summary>
    private const string ExamplesFile = "examples.txt";

    public static Command Create(Terminal terminal)
    {
        var command = new Command("up", "Ingest the workspace's corpora, then serve: the one command for a first start.");
        var flags = new SettingsFlags(command, [.. ServeVerb.Keys, "embedder"]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var workspace = flags.Workspace(parsed);
            var settings = flags.Settings(parsed);
            var corpora = CorporaOf(workspace);
            foreach (var corpus in corpora)
            {
                var options = new IngestOptions
                {
                    Corpus = Path.GetFileName(corpus),
                    Inputs = [Path.Combine(corpus, "documents")],
                    Workspace = workspace,
                    Index = settings.Index,
                    Embedder = settings.Sources.ContainsKey("embedder") ? settings.Embedder : null,
                };
                var report = await IngestConsole.RunAsync(options, terminal.Out, terminal.Error, json: false, TimeProvider.System, cancellationToken);
                // A file that gave nothing has its verdict in the table and the rest is served; an ingestion that could not run at all is not hidden.
                if (report.Stopped is not null) return report.ExitCode;
            }

            return await ServeVerb.RunAsync(terminal, workspace, settings, [.. corpora.SelectMany(Examples).Take(3)], cancellationToken);
        });
        return command;
    }

    private static List<string> CorporaOf(Workspace workspace)
    {
        var corpora = Directory.Exists(workspace.CorporaFolder)
            ? Directory.GetDirectories(workspace.CorporaFolder).Where(folder => Directory.Exists(Path.Combine(folder, "documents"))).Order(StringComparer.Ordinal).ToList()
            : [];
        return corpora.Count > 0 ? corpora
            : throw new SettingsException($"There is no corpus in {workspace.CorporaFolder}. Put documents into {Path.Combine(workspace.CorporaFolder, "<name>", "documents")}, or run `domaintuning ingest <folder>` and `domaintuning serve`.");
    }

    private static IEnumerable<string> Examples(string corpus)
    {
        var file = Path.Combine(corpus, ExamplesFile);
        return File.Exists(file) ? File.ReadLines(file).Where(line => !string.IsNullOrWhiteSpace(line)) : [];
    }
}

using System.CommandLine;
using DomainTuning.Corpora;

namespace DomainTuning.Ingest;

/// <summary>The verb "ingest" as the command line sees it; shared by the ingest program and domaintuning.</summary>
public static class IngestCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("paths")
        {
            Description = "Files and folders: PDF, Markdown, HTML, DOCX, plain text. corpora/NAME stands for its documents. May be left out with --corpus.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var corpus = new Option<string?>("--corpus") { Description = "The corpus to fill. Default: the folder's name under corpora/, else \"default\".", HelpName = "NAME" };
        var tags = new Option<string[]>("--tag") { Description = "Put on every document of this run; searches filter by it. May be repeated.", HelpName = "TAG", DefaultValueFactory = _ => [] };
        var password = new Option<string?>("--password") { Description = "Tried on encrypted PDFs.", HelpName = "TEXT" };
        var prune = new Option<bool>("--prune") { Description = "Remove the documents that the given folders no longer hold." };
        var rebuild = new Option<bool>("--rebuild") { Description = "Start from an empty index: another embedder, or other chunk sizes." };
        var embedder = new Option<string?>("--embedder") { Description = "The sentence encoder's id. Default: as the index was built, else the settings' (bge-small-en-v1.5).", HelpName = "ID" };
        var index = new Option<string?>("--index") { Description = "Where the index is: qdrant:http://HOST:6334/NAME, sqlite:FILE. Default: the settings', else a file in the workspace.", HelpName = "PLACE" };
        var workspace = new Option<string?>("--workspace") { Description = "The folder with corpora/, models/ and .domaintuning/. Default: the nearest one at or above the current folder.", HelpName = "DIR" };
        var timeLimit = new Option<double?>("--time-limit") { Description = "Seconds for reading one file. Default: 120.", HelpName = "SECONDS" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object and nothing else." };

        var command = new Command("ingest", "Turns documents into a searchable index, and gives a verdict on each file.")
        {
            paths, corpus, tags, password, prune, rebuild, embedder, index, workspace, timeLimit, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                var place = parsed.GetValue(workspace) is { } root ? new Workspace(Path.GetFullPath(root)) : Workspace.Find(Environment.CurrentDirectory);
                var target = CorpusTarget.Resolve(place, parsed.GetValue(paths) ?? [], parsed.GetValue(corpus));
                var options = new IngestOptions
                {
                    Corpus = target.Corpus,
                    Inputs = target.Inputs,
                    Workspace = place,
                    Tags = parsed.GetValue(tags) ?? [],
                    Password = parsed.GetValue(password),
                    Prune = parsed.GetValue(prune),
                    Rebuild = parsed.GetValue(rebuild),
                    Embedder = parsed.GetValue(embedder),
                    Index = parsed.GetValue(index),
                };
                if (parsed.GetValue(timeLimit) is { } seconds)
                    options = options with { TimeLimit = double.IsFinite(seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 1e6)) : TimeSpan.Zero };
                return (await IngestConsole.RunAsync(options, output, error, parsed.GetValue(json), TimeProvider.System, cancellationToken)).ExitCode;
            }
            catch (Exception e) when (e is ArgumentException or SettingsException)
            {
                await error.WriteLineAsync(e.Message);
                return 2;
            }
        });
        return command;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Stores;

namespace DomainTuning.Cli.Verbs;

/// <summary>index: what is in an index, whether it is whole, copies of it, and its way to another store.</summary>
internal static class IndexVerb
{
    public static Command Create(Terminal terminal) => new("index", "Look into an index, check it, copy it, or carry it to another store.")
    {
        Stats(terminal),
        Verify(terminal),
        Migrate(terminal),
        Snapshot(terminal),
        Rename(terminal),
    };

    private static Command Stats(Terminal terminal)
    {
        var corpus = Corpus();
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("stats", "Show what an index holds, what it was built with, and where it is.") { corpus, json };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (indexes, name, manifest) = await FindAsync(flags, parsed, parsed.GetValue(corpus), cancellationToken);
            await using var index = await indexes.OpenAsync(name, manifest.Embedder, cancellationToken);
            var documents = await index.DocumentsAsync(cancellationToken);
            List<(string Name, string Value)> lines =
            [
                ("corpus", manifest.Corpus),
                ("documents", Text(documents.Count)),
                ("pages", Text(documents.Sum(document => document.Pages))),
                ("chunks", Text(documents.Sum(document => document.Chunks))),
                ("embedder", $"{manifest.Embedder}"),
                ("longest chunk", $"{Text(manifest.Chunking.MaxTokens)} tokens"),
                .. await indexes.DescribeAsync(name, cancellationToken),
            ];
            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(lines.ToDictionary(line => line.Name, line => line.Value), CliJson.Default.DictionaryStringString));
            else foreach (var (title, value) in lines) await terminal.Out.WriteLineAsync($"{title,-16} {value}");
            return CommandLine.Done;
        });
        return command;
    }

    private static Command Verify(Terminal terminal)
    {
        var corpus = Corpus();
        var command = new Command("verify", "Compare what an index holds with what was stored; exit 1 when something is missing.") { corpus };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (indexes, name, _) = await FindAsync(flags, parsed, parsed.GetValue(corpus), cancellationToken);
            var problems = await indexes.CheckAsync(name, cancellationToken);
            foreach (var problem in problems) await terminal.Out.WriteLineAsync(problem);
            if (problems.Count == 0) await terminal.Out.WriteLineAsync($"{indexes.Name(name)} is whole.");
            return problems.Count == 0 ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    private static Command Migrate(Terminal terminal)
    {
        var corpus = Corpus();
        var to = new Option<string>("--to") { Description = "where it goes: qdrant:http://HOST:6334/NAME, sqlite:FILE, or 'workspace' for the workspace's own file", HelpName = "PLACE", Required = true };
        var command = new Command("migrate", "Carry an index to another store with the vectors that are there; a broken run goes on where it stopped.") { corpus, to };
        var flags = new SettingsFlags(command, "index", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (indexes, name, manifest) = await FindAsync(flags, parsed, parsed.GetValue(corpus), cancellationToken);
            var settings = flags.Settings(parsed);
            var target = IndexPlace.Parse(flags.Workspace(parsed), parsed.GetValue(to) is "workspace" ? null : parsed.GetValue(to), settings.IndexApiKey, settings.Offline);
            if (target.Name(manifest.Corpus) == indexes.Name(name)) throw new SettingsException($"Source and target are both {indexes.Name(name)}. Name another place with --to.");
            await using var from = await indexes.OpenAsync(name, manifest.Embedder, cancellationToken);
            await using var into = await target.OpenForWritingAsync(manifest, cancellationToken);
            var report = await IndexMigration.RunAsync(from, into, new Lines(terminal.Error), cancellationToken);
            foreach (var problem in report.Problems) await terminal.Error.WriteLineAsync(problem);
            await terminal.Out.WriteLineAsync(
                $"{Text(report.Moved)} documents moved to {target.Name(manifest.Corpus)}, {Text(report.Kept)} were there already; {Text(report.Chunks)} chunks, {Text(report.Compared)} compared with their vectors.");
            if (report.Problems.Count == 0) await terminal.Out.WriteLineAsync($"Use it with --index {parsed.GetValue(to)}, or set \"index\" in domaintuning.json.");
            return report.Problems.Count == 0 ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    private static Command Snapshot(Terminal terminal)
    {
        var command = new Command("snapshot", "Make a copy of an index, list the copies, or put one back.");
        command.Add(SnapshotVerb("create", "Make a copy; reading and writing go on.", async (indexes, name, _, cancellationToken) =>
        {
            var copy = await indexes.CopyAsync(name, cancellationToken);
            await terminal.Out.WriteLineAsync($"{copy.Name}, {Megabytes(copy.Bytes)}");
        }));
        command.Add(SnapshotVerb("list", "List the copies, oldest first.", async (indexes, name, _, cancellationToken) =>
        {
            foreach (var copy in await indexes.CopiesAsync(name, cancellationToken))
                await terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{copy.Name}  {copy.Created:u}  {Megabytes(copy.Bytes)}"));
        }));
        var which = new Option<string>("--copy") { Description = "as shown by index snapshot list", HelpName = "NAME", Required = true };
        var restore = SnapshotVerb("restore", "Put the index back to a copy.", async (indexes, name, parsed, cancellationToken) =>
        {
            await indexes.RestoreAsync(name, parsed.GetValue(which)!, cancellationToken);
            await terminal.Out.WriteLineAsync($"{indexes.Name(name)} is back to {parsed.GetValue(which)}.");
        });
        restore.Add(which);
        command.Add(restore);
        return command;
    }

    private static Command Rename(Terminal terminal)
    {
        var corpus = Corpus();
        var to = new Option<string>("--as") { Description = "the name that readers use", HelpName = "NAME", Required = true };
        var command = new Command("name", "Let a name on a Qdrant server stand for this index, in one step and without a gap for readers.") { corpus, to };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (indexes, name, _) = await FindAsync(flags, parsed, parsed.GetValue(corpus), cancellationToken);
            await indexes.NameAsync(name, parsed.GetValue(to)!, cancellationToken);
            await terminal.Out.WriteLineAsync($"'{parsed.GetValue(to)}' now stands for {indexes.Name(name)}.");
            return CommandLine.Done;
        });
        return command;
    }

    private static Command SnapshotVerb(string verb, string description, Func<IndexPlace, string, ParseResult, CancellationToken, Task> run)
    {
        var corpus = Corpus();
        var command = new Command(verb, description) { corpus };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (indexes, name, _) = await FindAsync(flags, parsed, parsed.GetValue(corpus), cancellationToken);
            await run(indexes, name, parsed, cancellationToken);
            return CommandLine.Done;
        });
        return command;
    }

    private static Argument<string?> Corpus() => new("corpus") { Description = "the corpus' name; may be left out where there is only one", Arity = ArgumentArity.ZeroOrOne };

    private static async Task<(IndexPlace Indexes, string Name, IndexManifest Manifest)> FindAsync(SettingsFlags flags, ParseResult parsed, string? asked, CancellationToken cancellationToken)
    {
        var indexes = IndexPlace.Of(flags.Workspace(parsed), flags.Settings(parsed));
        var corpora = await indexes.CorporaAsync(cancellationToken);
        var name = asked ?? flags.Settings(parsed).Corpus ?? corpora switch
        {
            [var only] => only,
            [] => throw new IndexException("Nothing is ingested yet. Run `domaintuning ingest <folder>` first."),
            _ => throw new SettingsException($"There are {corpora.Count} corpora: {string.Join(", ", corpora)}. Name one."),
        };
        var manifest = await indexes.ReadManifestAsync(name, cancellationToken) ?? throw new IndexException($"There is no index at '{indexes.Name(name)}'. Run `domaintuning ingest <folder> --corpus {name}` first.");
        return (indexes, name, manifest);
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>At most a line a tenth.</summary>
    private sealed class Lines(TextWriter error) : IProgress<(int Done, int Of)>
    {
        private int shown;

        public void Report((int Done, int Of) value)
        {
            var tenth = 10 * value.Done / Math.Max(1, value.Of);
            if (tenth == shown) return;
            shown = tenth;
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.Done} of {value.Of} documents"));
        }
    }
}

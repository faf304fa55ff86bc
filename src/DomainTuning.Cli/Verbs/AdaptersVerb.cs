using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Arms;
using DomainTuning.Onnx.Adapters;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>adapters: which there are for which model, what they are, whether they load; merging, exporting and importing them are verbs of their own.</summary>
internal static class AdaptersVerb
{
    public static Command Create(Terminal terminal) => new("adapters", "List, show, check, merge, export and import the adapters of the chat models on this machine.")
    {
        List(terminal),
        Show(terminal),
        LoadCheck(terminal),
        MergeAdaptersVerb.Create(terminal),
        ExportAdapterVerb.Create(terminal),
        ImportAdapterVerb.Create(terminal),
    };

    private static Command List(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "a JSON array on standard output" };
        var command = new Command("list", "Show the adapters that are here.") { json };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var rows = Rows(flags.Workspace(parsed));
            if (parsed.GetValue(json)) terminal.Out.WriteLine(JsonSerializer.Serialize(rows, CliJson.Default.IReadOnlyListAdapterRow));
            else if (rows.Count == 0) terminal.Out.WriteLine("There are no adapters. A PEFT folder under .domaintuning/adapters/<model>/ becomes one.");
            else Table(terminal, rows);
            return CommandLine.Done;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var id = Id();
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("show", "Show an adapter's card, its configuration and its parity check.") { id, json };
        var flags = new SettingsFlags(command);
        command.SetAction(parsed =>
        {
            var (arm, workspace) = (Arm(parsed.GetValue(id)!), flags.Workspace(parsed));
            var place = Folders(workspace, arm.Model).Find(arm.Adapter!);
            var row = AdapterRow.From(arm.Model, place);
            var files = (place.IsOnnxFile ? [] : new[] { AdapterCard.FileName, PeftConfig.FileName, ParityReport.FileName }).Where(name => File.Exists(Path.Combine(place.Path, name)))
                .ToDictionary(name => name, name => File.ReadAllText(Path.Combine(place.Path, name)));
            if (parsed.GetValue(json))
            {
                var details = new AdapterDetails(row, Json(files, AdapterCard.FileName), Json(files, PeftConfig.FileName), Json(files, ParityReport.FileName));
                terminal.Out.WriteLine(JsonSerializer.Serialize(details, CliJson.Default.AdapterDetails));
                return CommandLine.Done;
            }

            terminal.Out.WriteLine(row.ToString());
            foreach (var (name, text) in files) terminal.Out.WriteLine($"{name}: {text.TrimEnd()}");
            return CommandLine.Done;
        });
        return command;
    }

    private static Command LoadCheck(Terminal terminal)
    {
        var id = Id();
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("load-check", "Load an adapter as serving would, and say what is wrong with it if that fails.") { id, json };
        var flags = new SettingsFlags(command, "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var arm = Arm(parsed.GetValue(id)!);
            await using var arms = new ArmCatalog(flags.Workspace(parsed), flags.Settings(parsed), new ConversionLines(terminal.Error));
            var client = await arms.LocalChatClientAsync(arm.Model, cancellationToken);
            var facts = await client.LoadAdapterAsync(arm.Adapter!, cancellationToken);
            var row = new LoadedRow(arm.ToString(), facts.Inputs, facts.Values, facts.Bytes);
            await terminal.Out.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(row, CliJson.Default.LoadedRow) : row.ToString());
            return CommandLine.Done;
        });
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "model:adapter, as shown by adapters list" };

    private static ArmId Arm(string id) => ArmId.Parse(id) is { Adapter: not null, Corpus: null } arm
        ? arm
        : throw new FormatException($"'{id}' names no adapter. Expected model:adapter, as `domaintuning adapters list` shows it.");

    /// <summary>A file's JSON, or null where it is absent or damaged: what a list calls a problem must not end a look at it.</summary>
    private static JsonElement? Json(Dictionary<string, string> files, string name)
    {
        try
        {
            return files.TryGetValue(name, out var text) ? JsonElement.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static AdapterFolders Folders(Workspace workspace, string model) => new(model, workspace.AdaptersFolder(model), workspace.CorporaFolder);

    private static List<AdapterRow> Rows(Workspace workspace) =>
    [
        .. new ModelLibrary(workspace.ModelsFolder).List().Where(card => card.Kind == ModelKind.Chat)
            .SelectMany(card => Folders(workspace, card.Id).All().Select(place => AdapterRow.From(card.Id, place))),
    ];

    private static void Table(Terminal terminal, List<AdapterRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("adapter", "kind", "rank", "targets", "perplexity", "folder");
        foreach (var row in rows)
            table.AddRow(new[] { row.Id, row.Kind, row.Rank?.ToString(CultureInfo.InvariantCulture) ?? "", row.Targets, row.Perplexity, row.Problem ?? row.Path }.Select(Markup.Escape).ToArray());
        terminal.Tables.Write(table);
    }
}

/// <summary>An adapter with its files' content; null where a file is absent.</summary>
internal sealed record AdapterDetails(AdapterRow Adapter, JsonElement? Card, JsonElement? Config, JsonElement? Parity);

/// <summary>An adapter as it was loaded, for people and machines.</summary>
internal sealed record LoadedRow(string Id, int Inputs, long Values, long Bytes)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id} loads: {Inputs} inputs, {Values / 1e6:0.00} million values, {Bytes / 1e6:0.0} MB.");
}

/// <summary>An adapter for people and machines.</summary>
/// <param name="Problem">Why its configuration or card cannot be read; null when they can.</param>
internal sealed record AdapterRow(string Id, string Kind, int? Rank, string Targets, string Perplexity, string Path, string? Problem)
{
    public static AdapterRow From(string model, AdapterPlace place)
    {
        var id = $"{model}:{place.Name}";
        if (place.IsOnnxFile) return new AdapterRow(id, "onnx", null, "", "", place.Path, null);
        try
        {
            var (config, card) = (PeftConfig.Read(place.Path), AdapterCard.Read(place.Path));
            var perplexity = card is { PerplexityBefore: { } before, PerplexityAfter: { } after } ? string.Create(CultureInfo.InvariantCulture, $"{before:0.00} → {after:0.00}") : "";
            return new AdapterRow(
                id, card?.Method ?? config.Method, config.Rank, config.Targets?.ToString() ?? "", perplexity, place.Path, null);
        }
        catch (AdapterException error)
        {
            return new AdapterRow(id, "", null, "", "", place.Path, error.Message);
        }
    }

    public override string ToString() => Problem ?? $"{Id}: {Kind}, rank {Rank}, {Targets}, in {Path}";
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Cli.Verbs;

/// <summary>adapters merge: one adapter, or a weighted sum of several, as a new adapter or within a model's own weights.</summary>
internal static class MergeAdaptersVerb
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "a chat model, as shown by models list" };
        var adapters = new Argument<string[]>("adapters") { Description = "its adapters, each with a weight if that is not 1: safety:0.5", Arity = ArgumentArity.OneOrMore };
        var name = new Option<string?>("--as") { Description = "the new adapter's name" };
        var into = new Option<DirectoryInfo?>("--into-model") { Description = "in place of --as: a new folder for the model with the adapters in its weights", HelpName = "folder" };
        var rank = new Option<int?>("--rank") { Description = "the closest adapter of this rank (default: the exact sum, whose rank is the sum of all)" };
        var float32 = new Option<bool>("--float32") { Description = "with --into-model: 32-bit floats (default: the model's own floats, 16-bit ones for GGUF)" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("merge", "Make one adapter out of several, or merge adapters into the model's weights; the result is checked against the adapters over their base.")
        {
            model, adapters, name, into, rank, float32, json,
        };
        var flags = new SettingsFlags(command, "threads");
        command.Validators.Add(result =>
        {
            if (result.GetResult(name) is null == result.GetResult(into) is null) result.AddError("Name either the new adapter with --as, or a folder with --into-model.");
            if (result.GetResult(rank) is not null && result.GetResult(into) is not null) result.AddError("--rank is of a new adapter; a model takes the exact sum.");
            if (result.GetResult(rank) is not null && result.GetValue(rank) < 1) result.AddError("--rank must be above 0.");
            if (result.GetValue(float32) && result.GetResult(into) is null) result.AddError("--float32 goes with --into-model.");
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            var workspace = flags.Workspace(parsed);
            var card = new ModelLibrary(workspace.ModelsFolder).Find(parsed.GetValue(model)!);
            var folders = AdaptersVerb.Folders(workspace, card.Id);
            var parts = parsed.GetValue(adapters)!.Select(text => Part(folders, text)).ToList();
            using var opened = Open(card, workspace, flags.Settings(parsed));
            WrittenRow row;
            if (parsed.GetValue(into) is { } folder)
            {
                var report = AdapterMerge.IntoModel(opened, parts, parsed.GetValue(float32), folder.FullName, null, cancellationToken);
                row = new WrittenRow(folder.FullName, null, report);
            }
            else
            {
                var called = parsed.GetValue(name)!;
                if (!AdapterFolders.IsName(called)) throw new FormatException($"'{called}' cannot be an adapter's name: letters, digits, '.', '_' and '-' are possible, and no dot in front.");
                if (folders.All().Any(place => place.Name == called)) throw new AdapterException($"There is an adapter '{called}' for '{card.Id}' already. Choose another name, or remove it first.");
                var target = Path.Combine(folders.ModelFolder, called);
                row = new WrittenRow(target, new ArmId(card.Id, called).ToString(), AdapterMerge.IntoAdapter(opened, parts, parsed.GetValue(rank), target, cancellationToken));
            }

            row.Write(terminal, parsed.GetValue(json));
            return CommandLine.Done;
        }, cancellationToken));
        return command;
    }

    /// <summary>A chat model that lies here, opened for its adapters.</summary>
    public static BaseModel Open(ModelCard card, Workspace workspace, Settings settings) =>
        card.Kind != ModelKind.Chat || card.Endpoint is not null
            ? throw new SettingsException($"'{card.Id}' is no chat model that lies here. Name one; `domaintuning models list` shows them.")
            : BaseModel.Open(card.Id, card.Folder, workspace.ModelCacheFolder, settings.Threads);

    private static WeightedAdapter Part(AdapterFolders folders, string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0) return new WeightedAdapter(folders.Find(text));
        return double.TryParse(text[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && double.IsFinite(weight) && weight != 0
            ? new WeightedAdapter(folders.Find(text[..colon]), weight)
            : throw new FormatException($"'{text}' has no usable weight. Expected an adapter's name, or name:weight with a number other than 0, such as safety:0.5.");
    }
}

/// <summary>What a merge or an export has written, for people and machines.</summary>
/// <param name="Id">The new adapter's model id; null where it is none.</param>
internal sealed record WrittenRow(string Path, string? Id, ParityReport Parity)
{
    public void Write(Terminal terminal, bool json) =>
        terminal.Out.WriteLine(json ? JsonSerializer.Serialize(this, CliJson.Default.WrittenRow) : $"Wrote {Path}{(Id is null ? "" : $", served as {Id}")}.\nParity: {Parity}.");
}

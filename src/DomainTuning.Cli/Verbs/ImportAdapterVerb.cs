using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Cli.Verbs;

/// <summary>adapters import: an adapter that was made elsewhere, checked and served.</summary>
internal static class ImportAdapterVerb
{
    public static Command Create(Terminal terminal)
    {
        var source = new Argument<string>("source") { Description = "a PEFT folder, a LoRA-GGUF file or an .onnx_adapter file" };
        var name = new Option<string?>("--as") { Description = "the adapter's name here (default: the folder's or file's)" };
        var model = new Option<string?>("--model") { Description = "the chat model that it belongs to (default: the setting chatModel)" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("import", "Take in an adapter that was made elsewhere: it is loaded as serving would, copied, and served without a restart.") { source, name, model, json };
        var flags = new SettingsFlags(command, "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            var card = new ModelLibrary(workspace.ModelsFolder).Find(parsed.GetValue(model) ?? settings.ChatModel);
            using var opened = MergeAdaptersVerb.Open(card, workspace, settings);
            await using var arms = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var client = await arms.LocalChatClientAsync(card.Id, cancellationToken);
            var imported = await AdapterImport.RunAsync(opened, client, AdaptersVerb.Folders(workspace, card.Id), parsed.GetValue(source)!, parsed.GetValue(name), cancellationToken);
            var row = new ImportedRow(new ArmId(card.Id, imported.Place.Name).ToString(), imported.Place.Path, imported.Origin, imported.Facts.Inputs, imported.Facts.Bytes);
            await terminal.Out.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(row, CliJson.Default.ImportedRow) : row.ToString());
            return CommandLine.Done;
        });
        return command;
    }
}

/// <summary>An adapter that was taken in, for people and machines.</summary>
/// <param name="Origin">What its new card says of where it comes from; null where it brought a card, or can have none.</param>
internal sealed record ImportedRow(string Id, string Path, string? Origin, int Inputs, long Bytes)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Id} is served from {Path}: {Inputs} inputs, {Bytes / 1e6:0.0} MB.{(Origin is null ? "" : $"\nIts card says: {Origin}. Template and tokenizer of its training are unknown.")}");
}

using System.CommandLine;
using DomainTuning.Arms;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Cli.Verbs;

/// <summary>adapters export: an adapter in the formats of other programs.</summary>
internal static class ExportAdapterVerb
{
    private const string MergedSafetensors = "merged-safetensors", LoraGguf = "lora-gguf", OnnxAdapter = "onnx-adapter", Peft = "peft";

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "a chat model, as shown by models list" };
        var adapter = new Argument<string>("adapter") { Description = "one of its adapters" };
        var target = new Argument<FileInfo>("target") { Description = "the file or folder to write; must not exist" };
        var format = new Option<string>("--format")
        {
            Description = "merged-safetensors: a folder for transformers, vLLM and others; lora-gguf: a file for llama.cpp; onnx-adapter: a file for ONNX Runtime over this machine's conversion; peft: a folder that every program reads alike",
            Required = true,
        };
        format.AcceptOnlyFromAmong(MergedSafetensors, LoraGguf, OnnxAdapter, Peft);
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("export", "Write an adapter for other programs; what was written is read again and checked against the original.") { model, adapter, target, format, json };
        var flags = new SettingsFlags(command, "threads");
        command.SetAction((parsed, cancellationToken) => Task.Run(async () =>
        {
            var workspace = flags.Workspace(parsed);
            var card = new ModelLibrary(workspace.ModelsFolder).Find(parsed.GetValue(model)!);
            var place = AdaptersVerb.Folders(workspace, card.Id).Find(parsed.GetValue(adapter)!);
            var path = parsed.GetValue(target)!.FullName;
            ParityReport report;
            if (parsed.GetValue(format) == OnnxAdapter)
            {
                await using var arms = new ArmCatalog(workspace, flags.Settings(parsed), new ConversionLines(terminal.Error));
                report = await AdapterExport.OnnxAdapterAsync(await arms.LocalChatClientAsync(card.Id, cancellationToken), place.Name, path, cancellationToken);
            }
            else
            {
                using var opened = MergeAdaptersVerb.Open(card, workspace, flags.Settings(parsed));
                report = parsed.GetValue(format) switch
                {
                    MergedSafetensors => AdapterMerge.IntoModel(opened, [new WeightedAdapter(place)], float32: false, path, null, cancellationToken),
                    LoraGguf => AdapterExport.LoraGguf(opened, place, path, cancellationToken),
                    _ => AdapterExport.Peft(opened, place, path, cancellationToken),
                };
            }

            new WrittenRow(path, null, report).Write(terminal, parsed.GetValue(json));
            return CommandLine.Done;
        }, cancellationToken));
        return command;
    }
}

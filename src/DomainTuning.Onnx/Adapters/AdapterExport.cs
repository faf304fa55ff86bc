using DomainTuning.Adapters;
using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Writes an adapter for other programs, reads what it wrote and holds it against the original; the result is stored beside the file as
/// "….parity.json", or in the folder. What a format cannot hold is refused by name.
/// </summary>
public static class AdapterExport
{
    /// <summary>Where the check of an exported file is stored.</summary>
    public static string ParityFile(string file) => file + "." + ParityReport.FileName;

    /// <summary>A LoRA-GGUF file for llama.cpp. Different scalings of modules, and rsLoRA's, are folded into B.</summary>
    /// <param name="file">Must not exist.</param>
    /// <exception cref="AdapterException">The adapter cannot be used or written in this format, the file exists, or the check failed.</exception>
    public static ParityReport LoraGguf(BaseModel model, AdapterPlace place, string file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(place);
        using var staged = Stage(file);
        var adapter = model.Read(place, cancellationToken);
        Adapters.LoraGguf.Write(adapter, model.Checkpoint, staged["adapter.gguf"], place.Name);
        using (var check = new ParityCheck(model, adapter, staged["check"], cancellationToken))
        {
            var report = check.Compare(Adapters.LoraGguf.Read(staged["adapter.gguf"], model.Checkpoint), "the adapter and its LoRA-GGUF, read again").OrThrow();
            File.WriteAllText(staged[ParityReport.FileName], report.ToJson());
            staged.CommitFile("adapter.gguf", (ParityReport.FileName, ParityFile(file)));
            return report;
        }
    }

    /// <summary>
    /// A PEFT folder that every program reads alike: scalings folded into B, one rank, no patterns. What only PEFT reads (DoRA, biases) is copied as it is.
    /// </summary>
    /// <param name="folder">Must not exist.</param>
    /// <exception cref="AdapterException">The adapter cannot be used, the folder exists, or the check failed.</exception>
    public static ParityReport Peft(BaseModel model, AdapterPlace place, string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(place);
        using var staged = Stage(folder);
        var adapter = model.Read(place, cancellationToken);
        if (adapter.Modules.Values.Any(module => module.Magnitude is not null || module.Bias is not null || module.UpdateBias is not null))
            foreach (var name in new[] { PeftConfig.FileName, PeftFolder.TensorsName }) File.Copy(Path.Combine(place.Path, name), staged[name]);
        else
            PeftExport.Write(adapter, staged.Path, model.Id, model.Checkpoint.Shape);
        ParityReport report;
        using (var check = new ParityCheck(model, adapter, staged["check"], cancellationToken))
            report = check.Compare(PeftFolder.Read(staged.Path, model.Checkpoint.Shape), "the adapter and its PEFT folder, read again").OrThrow();
        File.WriteAllText(staged[ParityReport.FileName], report.ToJson());
        staged.Commit();
        return report;
    }

    /// <summary>The inputs of a served model's graph as ONNX Runtime's .onnx_adapter: good for this conversion of the model alone. Compared bit by bit.</summary>
    /// <param name="file">Must not exist.</param>
    /// <exception cref="AdapterException">The adapter cannot be used, the file exists, or it does not come back as it was written.</exception>
    public static async Task<ParityReport> OnnxAdapterAsync(OnnxChatClient client, string name, string file, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        using var staged = Stage(file);
        await client.ExportAdapterAsync(name, staged["adapter"], cancellationToken).ConfigureAwait(false);
        var report = new ParityReport
        {
            Base = client.ModelId, Adapter = name, Compared = "the graph's inputs and the .onnx_adapter, read again", Form = client.Conversion.Form, LargestDifference = 0, Tolerance = 0,
        };
        await File.WriteAllTextAsync(staged[ParityReport.FileName], report.ToJson(), cancellationToken).ConfigureAwait(false);
        staged.CommitFile("adapter", (ParityReport.FileName, ParityFile(file)));
        return report;
    }

    private static StagedFolder Stage(string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
        return new StagedFolder(target);
    }
}

using DomainTuning.Adapters;
using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Adapters;

/// <summary>An adapter that was taken in.</summary>
/// <param name="Origin">What is known of where it comes from; null where its own card tells.</param>
public sealed record ImportedAdapter(AdapterPlace Place, AdapterFacts Facts, string? Origin);

/// <summary>
/// Takes in adapters that were made elsewhere: a PEFT folder, a LoRA-GGUF file (which becomes a PEFT folder), or an .onnx_adapter file of this conversion.
/// It is loaded as serving would load it before it gets its name; serving finds it at its next look.
/// </summary>
public static class AdapterImport
{
    private static readonly string[] Files = [PeftConfig.FileName, PeftFolder.TensorsName, AdapterCard.FileName, "README.md"];

    /// <param name="model">The base, for its shape and its hash.</param>
    /// <param name="client">The same model as it is served.</param>
    /// <param name="name">Null: the folder's or file's own.</param>
    /// <exception cref="AdapterException">It is no adapter, none of this model, or its name is taken; the message says why. Nothing is left of it.</exception>
    public static async Task<ImportedAdapter> RunAsync(
        BaseModel model, OnnxChatClient client, AdapterFolders folders, string source, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(folders);
        source = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        name ??= Directory.Exists(source) ? Path.GetFileName(source) : Path.GetFileNameWithoutExtension(source);
        if (!AdapterFolders.IsName(name)) throw new AdapterException($"'{name}' cannot be an adapter's name: letters, digits, '.', '_' and '-' are possible, and no dot in front. Choose one with --as.");
        if (folders.All().Any(place => place.Name == name)) throw new AdapterException($"There is an adapter '{name}' for '{folders.Model}' already. Choose another name with --as, or remove the one that is there.");
        var isOnnx = source.EndsWith(AdapterFolders.OnnxSuffix, StringComparison.Ordinal) && File.Exists(source);
        var target = Path.Combine(folders.ModelFolder, isOnnx ? name + AdapterFolders.OnnxSuffix : name);
        Directory.CreateDirectory(folders.ModelFolder);
        using var staged = new StagedFolder(target);
        if (isOnnx)
        {
            var file = staged["adapter" + AdapterFolders.OnnxSuffix];
            File.Copy(source, file);
            var loaded = await client.CheckAdapterAsync(new AdapterPlace(name, file), cancellationToken).ConfigureAwait(false);
            File.Move(file, target);
            return new ImportedAdapter(new AdapterPlace(name, target), loaded, null);
        }

        var origin = Directory.Exists(source) ? CopyPeft(source, staged.Path) : ReadGguf(source, model, staged.Path);
        if (AdapterCard.Read(staged.Path) is null) Card(model, staged.Path, origin, cancellationToken).Write(staged.Path);
        else origin = null;
        var facts = await client.CheckAdapterAsync(new AdapterPlace(name, staged.Path), cancellationToken).ConfigureAwait(false);
        staged.Commit();
        return new ImportedAdapter(new AdapterPlace(name, target), facts, origin);
    }

    private static string CopyPeft(string source, string folder)
    {
        var config = PeftConfig.Read(source);
        foreach (var file in Files)
            if (Path.Combine(source, file) is var from && File.Exists(from)) File.Copy(from, Path.Combine(folder, file));
        return $"imported from the PEFT folder '{Path.GetFileName(source)}'; {(config.BaseName is { } named ? $"its configuration names the base '{named}'" : "its configuration names no base")}";
    }

    private static string ReadGguf(string source, BaseModel model, string folder)
    {
        if (!File.Exists(source)) throw new AdapterException($"There is nothing at '{source}'. Name a PEFT folder, a LoRA-GGUF file or an .onnx_adapter file.");
        if (!source.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            throw new AdapterException($"'{source}' is no adapter that can be imported. Name a PEFT folder (with {PeftConfig.FileName} and {PeftFolder.TensorsName}), a LoRA-GGUF file or an .onnx_adapter file.");
        PeftExport.Write(LoraGguf.Read(source, model.Checkpoint), folder, model.Id, model.Checkpoint.Shape);
        return $"imported from the LoRA-GGUF file '{Path.GetFileName(source)}', which names no base";
    }

    /// <summary>Of the base we know what it was checked against; of template and tokenizer nothing.</summary>
    private static AdapterCard Card(BaseModel model, string folder, string origin, CancellationToken cancellationToken)
    {
        var (config, adapter) = (PeftConfig.Read(folder), PeftFolder.Read(folder, model.Checkpoint.Shape));
        return new AdapterCard
        {
            BaseModel = model.Id,
            BaseSha256 = model.Sha256(cancellationToken),
            TemplateSha256 = AdapterCard.Unknown,
            TokenizerSha256 = AdapterCard.Unknown,
            Method = config.Method,
            Rank = adapter.LargestRank,
            Targets = AdapterMerge.Targets(adapter),
            Origin = origin,
        };
    }
}

using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Onnx.Encoders;

/// <summary>Finds out what lies in an encoder's folder.</summary>
internal static class EncoderFolder
{
    public static ModelCard Card(string folder, EncoderOptions? options) => ModelLibrary.Open(folder, new AddModelOptions
    {
        File = options?.File,
        Pooling = options?.Pooling,
        QueryPrefix = options?.QueryPrefix,
        PassagePrefix = options?.PassagePrefix,
        MaxTokens = options?.MaxTokens,
    });

    /// <summary>The ONNX file to run, and its hash where the card knows it. A file of another length than the card says is refused.</summary>
    public static (string FullPath, string? Sha256) Onnx(ModelCard card, EncoderOptions options)
    {
        // A folder without card.json has been searched for the wanted file already, a part of its name is enough there.
        var path = options.File is null || card.Weights.Path.Contains(options.File, StringComparison.OrdinalIgnoreCase) ? card.Weights.Path : options.File;
        var fullPath = card.FullPath(path);
        var listed = card.Files.FirstOrDefault(file => file.Path == path);
        if (!File.Exists(fullPath)) throw new ModelException($"Model '{card.Id}' should have '{fullPath}'; it is not there. Add the model again: 'domaintuning models add'.");
        var length = new FileInfo(fullPath).Length;
        if (listed is { Bytes: > 0 } && listed.Bytes != length)
            throw new ModelException($"'{fullPath}' has {length} bytes; the card of model '{card.Id}' says {listed.Bytes}. The download was cut off or the file was changed: add the model again.");
        return (fullPath, listed?.Sha256);
    }
}

using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// A chat model as it was published, opened: a GGUF file, or a folder with config.json and safetensors. Whatever it is, its shape is known and its
/// weights can be read. Dispose it when the model has been converted.
/// </summary>
public sealed class DecoderCheckpoint : IDisposable
{
    private readonly TensorFile file;

    private DecoderCheckpoint(string name, string path, TensorFile file, DecoderWeights weights, IReadOnlyList<string> files)
    {
        Name = name;
        Path = path;
        this.file = file;
        Weights = weights;
        Files = files;
    }

    /// <summary>The folder's name, or the file's without ".gguf".</summary>
    public string Name { get; }

    /// <summary>The GGUF file, or the folder with the safetensors.</summary>
    public string Path { get; }

    /// <summary>The GGUF file, which also holds tokenizer and template; null for a folder.</summary>
    public GgufFile? Gguf => file as GgufFile;

    public DecoderShape Shape => Weights.Shape;

    /// <summary>The family by the name of config.json's model_type. GGUF files call Llama and most of Mistral both "llama".</summary>
    internal string ModelType => Gguf is { } gguf
        ? gguf.Metadata.String("general.architecture") is var name && name == "gemma3" ? "gemma3_text" : name
        : FolderDecoder.ModelType(System.IO.Path.Combine(Path, "config.json"));

    /// <summary>The family as llama.cpp names it.</summary>
    internal string GgufArchitecture => Gguf?.Metadata.String("general.architecture") ?? ModelType switch
    {
        "mistral" => "llama",
        "gemma3_text" => "gemma3",
        var same => same,
    };

    /// <summary>Query, key and value are one module of the published model, gate and up another.</summary>
    internal bool IsFused => ModelType == "phi3";

    /// <summary>Every file that a conversion depends on: their bytes are the checkpoint's identity.</summary>
    public IReadOnlyList<string> Files { get; }

    internal DecoderWeights Weights { get; }

    /// <summary>Opens a GGUF file, a folder that holds one, or a folder with config.json and safetensors.</summary>
    /// <exception cref="FileNotFoundException">There is nothing at the path.</exception>
    /// <exception cref="CheckpointException">The model is damaged or of a kind that is not supported; the message says what.</exception>
    public static DecoderCheckpoint Open(string modelFolderOrGguf)
    {
        if (File.Exists(modelFolderOrGguf)) return OpenGguf(System.IO.Path.GetFileNameWithoutExtension(modelFolderOrGguf), modelFolderOrGguf);
        if (!Directory.Exists(modelFolderOrGguf))
            throw new FileNotFoundException($"There is no chat model at '{System.IO.Path.GetFullPath(modelFolderOrGguf)}'. Pass a .gguf file, or a folder with one or with safetensors.", modelFolderOrGguf);
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(modelFolderOrGguf)));
        var files = Directory.GetFiles(modelFolderOrGguf, "*.gguf");
        if (files.Length == 1) return OpenGguf(name, files[0]);
        if (files.Length == 0 && File.Exists(System.IO.Path.Combine(modelFolderOrGguf, "config.json"))) return OpenFolder(name, modelFolderOrGguf);
        throw new CheckpointException($"'{modelFolderOrGguf}' holds {files.Length} .gguf files{(files.Length == 0 ? " and no config.json" : "")}; one model was expected. Pass the file itself.");
    }

    public void Dispose() => file.Dispose();

    private static DecoderCheckpoint OpenGguf(string name, string path) => Open(name, path, GgufFile.Open(path), file => new StoredDecoderWeights(
        file, GgufDecoder.ReadShape(file), TensorNames.Gguf, neighbouringPairs: GgufDecoder.HasNeighbouringPairs(file)), [path]);

    private static DecoderCheckpoint OpenFolder(string name, string folder)
    {
        var config = System.IO.Path.Combine(folder, "config.json");
        var shape = FolderDecoder.ReadShape(config);
        string[] weights = [.. Directory.GetFiles(folder, "*.safetensors").Concat(Directory.GetFiles(folder, "*.safetensors.index.json")).Order(StringComparer.Ordinal)];
        return Open(name, folder, ShardedTensors.OpenFolder(folder), file => new StoredDecoderWeights(
            file, shape, TensorNames.Transformers(shape.PostNorms), normsLessOne: FolderDecoder.HasNormsLessOne(config)), [config, .. weights]);
    }

    private static DecoderCheckpoint Open<T>(string name, string path, T file, Func<T, DecoderWeights> weights, IReadOnlyList<string> files) where T : TensorFile
    {
        try
        {
            return new DecoderCheckpoint(name, path, file, weights(file), files);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}

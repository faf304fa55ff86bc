using System.Text.Json.Serialization;

namespace DomainTuning.Checkpoints.Library;

/// <summary>What a model is for.</summary>
public enum ModelKind
{
    /// <summary>Turns a text into a vector.</summary>
    Encoder,

    /// <summary>Scores a question and a passage together.</summary>
    Reranker,

    /// <summary>Writes text.</summary>
    Chat,
}

/// <summary>A file of a model.</summary>
/// <param name="Path">Relative to the model's folder, '/'-separated.</param>
/// <param name="Sha256">Lower-case hex; null where nobody has recorded it (a folder without card.json).</param>
/// <param name="Bytes">Length.</param>
public sealed record ModelFile(string Path, string? Sha256, long Bytes);

/// <summary>A model that another server runs, behind OpenAI's HTTP interface.</summary>
/// <param name="Url">Up to and with the version: "http://127.0.0.1:11434/v1".</param>
/// <param name="Model">Its name there. Adapters of the model are further names there.</param>
/// <param name="KeyVariable">The environment variable that holds the key; the key itself is never stored. Null where none is needed.</param>
public sealed record ServedElsewhere(Uri Url, string Model, string? KeyVariable = null);

/// <summary>
/// What one model of the library is and how it must be used; on disk models/&lt;id&gt;/card.json with these names in snake case.
/// What does not apply to a kind is null (a chat model has no pooling, an encoder no context).
/// </summary>
public sealed record ModelCard
{
    /// <summary>Name of the model and of its folder: lower-case letters, digits, '.', '_' and '-'.</summary>
    public required string Id { get; init; }

    public required ModelKind Kind { get; init; }

    /// <summary>As <see cref="SupportedArchitectures"/> names it: "bert", "xlm-roberta", "llama".</summary>
    public required string Architecture { get; init; }

    /// <summary>ISO 639-1 codes; empty when the publisher does not say.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Encoders: length of a vector.</summary>
    public int? Dimensions { get; init; }

    /// <summary>Encoders and rerankers: longest input in tokens, special tokens included.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Chat models: prompt and answer together, in tokens.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>Chat models: number of weights.</summary>
    public long? Parameters { get; init; }

    /// <summary>Encoders: how token vectors become one: "cls", "mean" or "last".</summary>
    public string? Pooling { get; init; }

    /// <summary>Encoders: whether the publisher scales vectors to length 1.</summary>
    public bool? Normalise { get; init; }

    /// <summary>Encoders: put before every question.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Encoders: put before every passage.</summary>
    public string? PassagePrefix { get; init; }

    /// <summary>How the weights are stored, for people: "Q4_1", "int8 (…)".</summary>
    public string? Quantisation { get; init; }

    /// <summary>ONNX models: names of the graph's inputs, where known.</summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>ONNX models: name of the graph's output, where known.</summary>
    public string? Output { get; init; }

    /// <summary>Chat models: where the chat template is, for people.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>SPDX name, or what the publisher says; "unknown" when nothing.</summary>
    public required string Licence { get; init; }

    /// <summary>Where the files come from, such as "BAAI/bge-m3@5617a9f61b028005a4858fdac845db406aefb181".</summary>
    public required string Source { get; init; }

    /// <summary>Set for a model that another server runs; such a model has no files here.</summary>
    public ServedElsewhere? Endpoint { get; init; }

    /// <summary>Encoders behind an endpoint: the vector of a fixed text when the model was added, which shows later whether the server still runs the same model.</summary>
    public IReadOnlyList<float>? Fingerprint { get; init; }

    /// <summary>Everything the model needs.</summary>
    public IReadOnlyList<ModelFile> Files { get; init; } = [];

    /// <summary>Full path of the model's folder.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>The file that holds the weights: the .gguf or the .onnx file.</summary>
    [JsonIgnore]
    public ModelFile Weights => Endpoint is { } elsewhere
        ? throw new CheckpointException($"Model '{Id}' runs at {elsewhere.Url}; it has no weights here. Choose a local model for this.")
        : Files.FirstOrDefault(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || file.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        ?? throw new CheckpointException($"The card of model '{Id}' in '{Folder}' lists no .gguf and no .onnx file. Remove the model with 'domaintuning models remove {Id}' and add it again.");

    /// <summary>Full path of <see cref="Weights"/>.</summary>
    [JsonIgnore]
    public string WeightsPath => FullPath(Weights.Path);

    /// <summary>Full path of a file of the model, given its '/'-separated relative path.</summary>
    public string FullPath(string path) => Path.Combine([Folder, .. path.Split('/')]);

    /// <summary>Compares the files with this card: presence, length, SHA-256 where recorded. One sentence for each that differs; empty when all is well.</summary>
    public async Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancellationToken = default)
    {
        var findings = new List<string>();
        foreach (var file in Files)
        {
            var path = FullPath(file.Path);
            var remedy = $"Remove the model with 'domaintuning models remove {Id}' and add it again.";
            if (!File.Exists(path)) findings.Add($"'{path}' is missing. {remedy}");
            else if (new FileInfo(path).Length is var length && length != file.Bytes) findings.Add($"'{path}' has {length} bytes, the card says {file.Bytes}. {remedy}");
            else if (file.Sha256 is { } expected && await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false) is var actual && actual != expected)
                findings.Add($"'{path}' has the SHA-256 {actual}, the card says {expected}. {remedy}");
        }

        return findings;
    }
}

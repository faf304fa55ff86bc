using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// A published chat model, opened to merge adapters into it (<see cref="AdapterMerge"/>), to write them for other programs (<see cref="AdapterExport"/>)
/// and to take in those of others (<see cref="AdapterImport"/>). Its weights are read from the checkpoint when they are needed. Not thread-safe.
/// </summary>
public sealed class BaseModel : IDisposable
{
    /// <summary>What parity is measured on: questions of several kinds, because an adapter may change one kind and not another.</summary>
    private static readonly string[] Questions =
    [
        "What is a spindle, and how is its speed set?", "Write one sentence about oil.", "List three steps to change a tool safely.", "G1 X10 Y20 F300 – what does this line do?",
        "Warum rostet Stahl?", "The valve is closed. Is the valve open? Answer yes or no.", "{\"pin\": \"axis.0.enable\", \"type\": \"bit\"} Explain.", "Count from one to seven.",
    ];

    private readonly Lazy<ChatConventions> chat;
    private readonly string cacheFolder;

    private BaseModel(string id, DecoderCheckpoint checkpoint, string cacheFolder)
    {
        Id = id;
        Checkpoint = checkpoint;
        this.cacheFolder = cacheFolder;
        chat = new(() => checkpoint.Gguf is { } gguf ? ChatConventions.FromGguf(gguf) : ChatConventions.FromFolder(checkpoint.Path));
    }

    /// <summary>The model's id in the library.</summary>
    public string Id { get; }

    internal DecoderCheckpoint Checkpoint { get; }

    /// <exception cref="CheckpointException">The model has no tokenizer or template that is supported.</exception>
    internal ChatConventions Chat => chat.Value;

    /// <summary>Threads of what is computed. Default 0: all processors.</summary>
    public int Threads { get; init; }

    /// <summary>Token ids on which parity is measured, in place of our own questions in the model's template: for models without either.</summary>
    internal IReadOnlyList<int[]>? Prompts { get; init; }

    /// <param name="id">The model's id in the library.</param>
    /// <param name="modelFolderOrGguf">A .gguf file, a folder with one, or a folder with config.json and safetensors.</param>
    /// <param name="cacheFolder">Where the hash of a checkpoint is remembered; see <see cref="Graphs.ChatModelCache"/>.</param>
    /// <exception cref="CheckpointException">The model is damaged or not supported.</exception>
    public static BaseModel Open(string id, string modelFolderOrGguf, string cacheFolder, int threads = 0) => new(id, DecoderCheckpoint.Open(modelFolderOrGguf), cacheFolder) { Threads = threads };

    public void Dispose() => Checkpoint.Dispose();

    /// <summary>With other prompts, over the same checkpoint.</summary>
    internal BaseModel Asking(IReadOnlyList<int[]> prompts) => new(Id, Checkpoint, cacheFolder) { Prompts = prompts, Threads = Threads };

    internal IReadOnlyList<int[]> ParityPrompts()
    {
        if (Prompts is not null) return Prompts;
        var format = ChatFormat.Of(Chat);
        return [.. Questions.Select(question => format.Encode([new ChatMessage(ChatRole.User, question)]))];
    }

    /// <summary>Lower-case hex SHA-256 of the checkpoint.</summary>
    internal string Sha256(CancellationToken cancellationToken) => new RememberedHashes(Path.Combine(cacheFolder, "hashes.json")).Sha256(Checkpoint.Files, cancellationToken);

    /// <summary>Reads a PEFT folder for this model; one whose card names another is refused.</summary>
    /// <exception cref="AdapterException">It cannot be used, or is no PEFT folder.</exception>
    internal LoraAdapter Read(AdapterPlace place, CancellationToken cancellationToken)
    {
        if (place.IsOnnxFile)
            throw new AdapterException($"'{place.Path}' holds the inputs of one converted graph, from which the adapter's own tensors cannot be told. Use the PEFT folder that it was exported from.");
        if (AdapterCard.Read(place.Path) is { } card && card.Mismatch(Sha256(cancellationToken), Chat.Template.Sha256, Chat.Tokenizer.Fingerprint()) is { } reason)
            throw new AdapterException($"The adapter '{place.Path}' is not used: {reason}. Name the model that it belongs to.");
        return PeftFolder.Read(place.Path, Checkpoint.Shape);
    }
}

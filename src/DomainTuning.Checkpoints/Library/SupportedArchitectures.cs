namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// What can run here, by the names that files use (config.json's model_type, GGUF's general.architecture). The one list: a model outside it is
/// refused before it is downloaded. Whoever teaches an engine a new architecture adds its name here.
/// </summary>
public static class SupportedArchitectures
{
    /// <summary>By config.json's model_type, to the name of the architecture in cards.</summary>
    private static readonly OrderedDictionary<string, string> ByModelType = new(StringComparer.Ordinal)
    {
        ["llama"] = "llama", ["qwen2"] = "qwen2", ["qwen3"] = "qwen3", ["mistral"] = "mistral", ["phi3"] = "phi3", ["gemma3_text"] = "gemma3",
    };

    /// <summary>Chat architectures. GGUF files call Mistral 7B, Llama 2 and 3 and SmolLM2 all "llama"; safetensors folders tell Mistral apart.</summary>
    public static IReadOnlyList<string> Chat { get; } = [.. ByModelType.Values];

    /// <summary>The same by the names of config.json ("gemma3_text" is Gemma 3 without its eyes).</summary>
    public static IReadOnlyList<string> ChatModelTypes { get; } = [.. ByModelType.Keys];

    /// <summary>Kinds of GGUF tokenizers: "gpt2" is byte-level BPE, "llama" SentencePiece-style BPE.</summary>
    public static IReadOnlyList<string> ChatTokenizers { get; } = ["gpt2", "llama"];

    public static IReadOnlyList<string> Encoders { get; } = ["bert", "xlm-roberta"];

    /// <summary>Sequence classification with one label.</summary>
    public static IReadOnlyList<string> Rerankers { get; } = ["bert", "xlm-roberta"];

    /// <summary>How token vectors may become one.</summary>
    public static IReadOnlyList<string> Poolings { get; } = ["cls", "mean", "last"];

    /// <summary>The architecture of a chat model by its config.json's model_type, or null.</summary>
    public static string? ChatOfModelType(string modelType) => ByModelType.GetValueOrDefault(modelType);
}

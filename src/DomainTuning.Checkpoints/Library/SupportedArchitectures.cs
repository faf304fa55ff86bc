namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// What can run here, by the names that files use (config.json's model_type, GGUF's general.architecture). The one list: a model outside it is
/// refused before it is downloaded. Whoever teaches an engine a new architecture adds its name here.
/// </summary>
public static class SupportedArchitectures
{
    /// <summary>GGUF architectures. "llama" covers Llama 2 and 3, Mistral 7B and SmolLM2: their files carry that name.</summary>
    public static IReadOnlyList<string> Chat { get; } = ["llama", "qwen2", "qwen3", "phi3", "gemma3"];

    /// <summary>Chat models as a folder with safetensors, by model_type.</summary>
    public static IReadOnlyList<string> ChatFolders { get; } = ["llama", "mistral", "qwen2", "qwen3", "phi3", "gemma3_text"];

    /// <summary>Kinds of GGUF tokenizers: "gpt2" is byte-level BPE.</summary>
    public static IReadOnlyList<string> ChatTokenizers { get; } = ["gpt2"];

    public static IReadOnlyList<string> Encoders { get; } = ["bert", "xlm-roberta"];

    /// <summary>Sequence classification with one label.</summary>
    public static IReadOnlyList<string> Rerankers { get; } = ["bert", "xlm-roberta"];

    /// <summary>How token vectors may become one.</summary>
    public static IReadOnlyList<string> Poolings { get; } = ["cls", "mean", "last"];
}

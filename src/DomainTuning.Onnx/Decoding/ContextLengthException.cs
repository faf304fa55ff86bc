namespace DomainTuning.Onnx.Decoding;

/// <summary>A prompt that leaves no room for an answer. The caller can shorten it: fewer passages, less history.</summary>
public sealed class ContextLengthException(int promptTokens, int contextTokens)
    : Exception(FormattableString.Invariant($"The prompt has {promptTokens} tokens; this model reads {contextTokens} in all, and at least one must be left for the answer. Use fewer or shorter passages, or less history."))
{
    public int PromptTokens { get; } = promptTokens;

    public int ContextTokens { get; } = contextTokens;
}

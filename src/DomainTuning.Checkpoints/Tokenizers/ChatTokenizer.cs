namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>A tokenizer whose ids can be turned back into text one at a time, as a chat model writes them.</summary>
public abstract class ChatTokenizer : Tokenizer
{
    /// <summary>Whether an id is a control token: it steers, and is no text.</summary>
    public abstract bool IsControl(int id);

    /// <summary>The bytes that an id adds to a text when it continues one; a control token's own name. Empty for ids that do not exist.</summary>
    public abstract ReadOnlyMemory<byte> BytesOf(int id);

    /// <summary>A decoder for one answer that continues a prompt.</summary>
    public StreamingDecoder Stream(bool skipControlTokens = false) => new(this, skipControlTokens);
}

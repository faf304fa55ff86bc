namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>One token and the UTF-16 units of the original text that it stands for (End exclusive).</summary>
public readonly record struct Token(int Id, int Start, int End);

/// <summary>
/// Cuts text into the ids that a model was trained on. Ids are exactly those of the model's reference tokenizer.
/// Text is hostile unless said otherwise: strings that look like control tokens ("&lt;|im_end|&gt;", "[SEP]") become control tokens only inside
/// ranges that the caller names, which is where a chat template wrote them. Nothing is added around the text: see <see cref="Prefix"/> and
/// <see cref="Suffix"/>. Thread-safe.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Ids that the model expects before a text ([CLS], &lt;s&gt;); often none.</summary>
    public abstract IReadOnlyList<int> Prefix { get; }

    /// <summary>Ids that the model expects after a text ([SEP], &lt;/s&gt;); often none.</summary>
    public abstract IReadOnlyList<int> Suffix { get; }

    /// <summary>The id of a control token by its exact text, or null.</summary>
    public abstract int? ControlToken(string text);

    /// <summary>Encodes plain text; nothing in it becomes a control token.</summary>
    public IReadOnlyList<Token> Encode(string text) => Encode(text, []);

    /// <summary>Encodes text that is trusted as a whole, such as a prompt template's own words.</summary>
    public IReadOnlyList<Token> EncodeTrusted(string text) => Encode(text, [new Range(0, text.Length)]);

    /// <summary>Encodes text in one go; control tokens are recognised only where they lie wholly inside one of the trusted ranges.</summary>
    /// <param name="trusted">Ranges of <paramref name="text"/> from its start, ascending, not overlapping.</param>
    public abstract IReadOnlyList<Token> Encode(string text, IReadOnlyList<Range> trusted);

    /// <summary>The text of the ids. Bytes that are not valid UTF-8 become U+FFFD. Control tokens are kept as text or left out.</summary>
    public abstract string Decode(IReadOnlyList<int> ids, bool skipControlTokens = false);

    /// <summary>How many tokens the plain text has, without prefix and suffix.</summary>
    public virtual int Count(string text) => Encode(text).Count;
}

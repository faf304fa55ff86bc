using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>A token that is found in text as a whole, before anything is cut or merged.</summary>
/// <param name="Content">The exact text.</param>
/// <param name="IsControl">True for tokens that steer the model ("special" in tokenizer.json, type 3 in GGUF): text that is not trusted never gives one, and decoding may leave them out.</param>
/// <param name="StripsLeft">White space before the token belongs to it.</param>
/// <param name="StripsRight">White space after the token belongs to it.</param>
/// <param name="IsSingleWord">Found only where no word character touches it.</param>
public sealed record AddedToken(int Id, string Content, bool IsControl, bool StripsLeft = false, bool StripsRight = false, bool IsSingleWord = false)
{
    /// <summary>Found in text that is not trusted as well: it is text, and steers nothing.</summary>
    internal bool IsText { get; init; }
}

/// <summary>The parts of a byte-level BPE tokenizer as model files store them, before they are indexed.</summary>
public sealed record BpeVocabulary
{
    /// <summary>Token texts in the byte-level alphabet (a space is Ġ), index = id. GGUF: tokenizer.ggml.tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Pairs "left right", best first. GGUF: tokenizer.ggml.merges. Null: every concatenation in the vocabulary is a merge and its id the rank (tiktoken files).</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>How text is cut before merging; a name known to <see cref="BpeSplitter.Named"/>. GGUF: tokenizer.ggml.pre.</summary>
    public required string PreTokenizer { get; init; }

    /// <summary>Tokens that are found in text as a whole.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>Ids put before a text.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids put after a text.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    /// <summary>A piece that is a token as a whole is not merged. Default: what the pre-tokenizer's family does (true for llama-bpe).</summary>
    public bool? IgnoreMerges { get; init; }

    /// <summary>Text is brought to Unicode form C first. Default: what the pre-tokenizer's family does (true for qwen2).</summary>
    public bool? NormalizesToFormC { get; init; }

    internal static BpeVocabulary FromGguf(GgufMetadata metadata)
    {
        int? Id(string name) => metadata.Contains($"tokenizer.ggml.{name}_token_id") ? metadata.Integer<int>($"tokenizer.ggml.{name}_token_id") : null;
        return FromGguf(
            metadata.Strings("tokenizer.ggml.tokens"),
            metadata.Strings("tokenizer.ggml.merges"),
            metadata.Contains("tokenizer.ggml.token_type") ? metadata.Integers("tokenizer.ggml.token_type") : null,
            metadata.StringOrNull("tokenizer.ggml.pre") ?? "gpt-2",
            Id("bos"),
            Id("eos"),
            metadata.Contains("tokenizer.ggml.add_bos_token") ? metadata.Bool("tokenizer.ggml.add_bos_token", false) : null,
            metadata.Bool("tokenizer.ggml.add_eos_token", false));
    }

    /// <summary>Collects what a GGUF file stores.</summary>
    /// <param name="tokens">tokenizer.ggml.tokens.</param>
    /// <param name="merges">tokenizer.ggml.merges.</param>
    /// <param name="tokenTypes">tokenizer.ggml.token_type: 3 is a control token, 4 a user-defined one. Null: all are ordinary.</param>
    /// <param name="pre">tokenizer.ggml.pre.</param>
    /// <param name="addBos">tokenizer.ggml.add_bos_token; null means the family's habit (true for llama-bpe).</param>
    /// <param name="addEos">tokenizer.ggml.add_eos_token.</param>
    /// <exception cref="InvalidDataException">The counts differ, or a beginning or end token is asked for but not named.</exception>
    public static BpeVocabulary FromGguf(
        IReadOnlyList<string> tokens, IReadOnlyList<string> merges, IReadOnlyList<int>? tokenTypes, string pre,
        int? bosId = null, int? eosId = null, bool? addBos = null, bool addEos = false)
    {
        const int control = 3, userDefined = 4;
        if (tokenTypes is not null && tokenTypes.Count != tokens.Count)
            throw new InvalidDataException($"tokenizer.ggml.token_type has {tokenTypes.Count} entries for {tokens.Count} tokens. The model file is damaged: fetch it again.");

        var added = new List<AddedToken>();
        for (var id = 0; id < (tokenTypes?.Count ?? 0); id++)
            if (tokenTypes![id] is control or userDefined && tokens[id].Length > 0)
                added.Add(new AddedToken(id, tokens[id], tokenTypes[id] == control));

        return new BpeVocabulary
        {
            Tokens = tokens,
            Merges = merges,
            PreTokenizer = pre,
            AddedTokens = added,
            Prefix = addBos ?? BpeSplitter.Named(pre).AddsBos ? [Required(bosId, "bos")] : [],
            Suffix = addEos ? [Required(eosId, "eos")] : [],
        };

        static int Required(int? id, string name) => id ?? throw new InvalidDataException(
            $"The model asks for a {name} token around its text, but tokenizer.ggml.{name}_token_id is missing. Use a complete GGUF file.");
    }
}

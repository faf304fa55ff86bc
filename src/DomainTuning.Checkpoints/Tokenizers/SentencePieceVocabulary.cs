using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>What a piece of a SentencePiece vocabulary is for, by the numbers of its model files and of GGUF.</summary>
public enum PieceKind
{
    /// <summary>Text, made by merging.</summary>
    Normal = 1,

    /// <summary>Stands for what cannot be written.</summary>
    Unknown = 2,

    /// <summary>Steers the model; never made from text.</summary>
    Control = 3,

    /// <summary>Text that is found as a whole before anything is merged.</summary>
    UserDefined = 4,

    /// <summary>A place in the table without a meaning.</summary>
    Unused = 5,

    /// <summary>One byte, "&lt;0x0A&gt;".</summary>
    Byte = 6,
}

/// <summary>Which parts of a text get a space put before them.</summary>
public enum LeadingSpace
{
    /// <summary>None: Gemma.</summary>
    Never,

    /// <summary>The text's beginning and what follows each added token: Llama 2, Mistral, Phi-3.</summary>
    EveryPart,

    /// <summary>As <see cref="EveryPart"/>, but not where the part begins with a space anyway.</summary>
    EveryPartWithoutOne,

    /// <summary>The text's beginning alone, unless it begins with a space anyway.</summary>
    FirstPartWithoutOne,
}

/// <summary>The parts of a SentencePiece-style BPE tokenizer as model files store them, before they are indexed.</summary>
public sealed record SentencePieceVocabulary
{
    /// <summary>Piece texts, a space is ▁, index = id. GGUF: tokenizer.ggml.tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>What each piece is for. GGUF: tokenizer.ggml.token_type.</summary>
    public required IReadOnlyList<PieceKind> Kinds { get; init; }

    /// <summary>Score of each piece; of two pairs that can join, the one whose piece has the higher score joins first. Null: <see cref="Merges"/> tells. GGUF: tokenizer.ggml.scores.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>Pairs "left right", best first, as tokenizer.json lists them. Null: <see cref="Scores"/> tell.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>Tokens that are found in text as a whole.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>Which parts of a text get a space put before them. GGUF: tokenizer.ggml.add_space_prefix.</summary>
    public required LeadingSpace LeadingSpace { get; init; }

    /// <summary>Decoding takes a leading space off again. Default: where encoding puts one.</summary>
    public bool? DropsLeadingSpace { get; init; }

    /// <summary>Every space begins a piece of its own, so none has two. Default false.</summary>
    public bool CutsAtSpaces { get; init; }

    /// <summary>Ids put before a text.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids put after a text.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    internal static SentencePieceVocabulary FromGguf(GgufMetadata metadata)
    {
        if (metadata.TryGet("tokenizer.ggml.precompiled_charsmap", out _))
            throw new NotSupportedException("The tokenizer normalises text by a table (tokenizer.ggml.precompiled_charsmap), which is not supported for chat models. Use a model of a supported family.");
        if (metadata.Bool("tokenizer.ggml.remove_extra_whitespaces", false))
            throw new NotSupportedException("The tokenizer removes repeated spaces (tokenizer.ggml.remove_extra_whitespaces), which is not supported for chat models. Use a model of a supported family.");

        var tokens = metadata.Strings("tokenizer.ggml.tokens");
        var kinds = metadata.Integers("tokenizer.ggml.token_type");
        var scores = metadata.Floats("tokenizer.ggml.scores");
        if (kinds.Length != tokens.Length || scores.Length != tokens.Length)
            throw new InvalidDataException($"tokenizer.ggml.token_type has {kinds.Length} entries and tokenizer.ggml.scores {scores.Length} for {tokens.Length} tokens. The model file is damaged: fetch it again.");
        var vocabulary = FromPieces(tokens, scores, [.. kinds.Select(kind => (PieceKind)kind)]);
        // Converters keep no flags of added tokens. Phi-3's take the white space behind them, but for these three.
        var isPhi3 = metadata.StringOrNull("general.architecture") == "phi3";
        return vocabulary with
        {
            AddedTokens = [.. vocabulary.AddedTokens.Select(token => token with { StripsRight = isPhi3 && token.Content is not ("<unk>" or "<s>" or "<|endoftext|>") })],
            LeadingSpace = metadata.Bool("tokenizer.ggml.add_space_prefix", true) ? LeadingSpace.EveryPart : LeadingSpace.Never,
            Prefix = metadata.Bool("tokenizer.ggml.add_bos_token", true) ? [metadata.Integer("tokenizer.ggml.bos_token_id", 1)] : [],
            Suffix = metadata.Bool("tokenizer.ggml.add_eos_token", false) ? [metadata.Integer("tokenizer.ggml.eos_token_id", 2)] : [],
        };
    }

    /// <summary>From pieces with scores; the pieces that are no text, and those found as a whole, become added tokens.</summary>
    internal static SentencePieceVocabulary FromPieces(IReadOnlyList<string> tokens, IReadOnlyList<float> scores, IReadOnlyList<PieceKind> kinds)
    {
        var added = new List<AddedToken>();
        for (var id = 0; id < tokens.Count; id++)
            if (kinds[id] is PieceKind.Unknown or PieceKind.Control or PieceKind.UserDefined && tokens[id].Length > 0)
                added.Add(new AddedToken(id, kinds[id] == PieceKind.UserDefined ? tokens[id].Replace('▁', ' ') : tokens[id], kinds[id] != PieceKind.UserDefined));
        return new SentencePieceVocabulary { Tokens = tokens, Scores = scores, Kinds = kinds, AddedTokens = added, LeadingSpace = LeadingSpace.EveryPart };
    }
}

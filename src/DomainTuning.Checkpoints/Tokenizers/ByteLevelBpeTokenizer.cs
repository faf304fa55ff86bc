using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Byte-level BPE: the tokenizer of SmolLM2, Llama 3, Qwen and GPT-2. Text is cut into pieces, a piece's UTF-8 bytes are tokens, and listed
/// pairs join until none is left. Ids are those of the Hugging Face tokenizers library. A byte that has no token is dropped, as there.
/// Thread-safe; results for short pieces are kept in a cache of bounded size.
/// </summary>
public sealed class ByteLevelBpeTokenizer : ChatTokenizer
{
    private readonly BpeSplitter _splitter;
    private readonly BpeMerges _merges;
    private readonly AddedTokens _added;
    private readonly byte[][] _bytes;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<string, int>? _wholePieces;
    private readonly bool _normalizes;
    private readonly PieceCache _cache = new();

    private ByteLevelBpeTokenizer(BpeVocabulary parts)
    {
        _splitter = BpeSplitter.Named(parts.PreTokenizer);
        var tokens = parts.Tokens.ToArray();
        foreach (var token in parts.AddedTokens)
        {
            if (token.Id < 0 || token.Id > tokens.Length + 100_000)
                throw new InvalidDataException($"The added token '{token.Content}' has id {token.Id} in a vocabulary of {tokens.Length}. The tokenizer is damaged: fetch it again.");
            while (token.Id >= tokens.Length) Array.Resize(ref tokens, token.Id + 1);
        }
        _added = new AddedTokens(parts.AddedTokens);
        _bytes = new byte[tokens.Length][];
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            _bytes[id] = ByteAlphabet.ToBytes(tokens[id] ?? "");
            // Control tokens are no material for merging, so plain text cannot make one.
            if (tokens[id] is { Length: > 0 } && !_added.IsControl(id)) ids.TryAdd(tokens[id], id);
        }
        foreach (var token in parts.AddedTokens) _bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        for (var value = 0; value < 256; value++) _byteIds[value] = ids.GetValueOrDefault(ByteAlphabet.Letter((byte)value).ToString(), -1);
        _merges = parts.Merges is null ? new RankedMerges(tokens, ids) : new ListedMerges(parts.Merges, ids);
        _wholePieces = parts.IgnoreMerges ?? _splitter.IgnoresMerges ? ids : null;
        _normalizes = parts.NormalizesToFormC ?? _splitter.NormalizesToFormC;
        Prefix = Known(parts.Prefix);
        Suffix = Known(parts.Suffix);
    }

    public override int VocabularySize => _bytes.Length;

    public override IReadOnlyList<int> Prefix { get; }

    public override IReadOnlyList<int> Suffix { get; }

    /// <summary>Builds the tokenizer from the parts that a GGUF file or another store holds.</summary>
    /// <exception cref="NotSupportedException">The pre-tokenizer is not known.</exception>
    /// <exception cref="InvalidDataException">The parts contradict each other.</exception>
    public static ByteLevelBpeTokenizer FromParts(BpeVocabulary parts) => new(parts);

    /// <summary>Reads a Hugging Face tokenizer.json.</summary>
    /// <exception cref="NotSupportedException">It describes another kind of tokenizer, or a step that could not be reproduced exactly.</exception>
    /// <exception cref="InvalidDataException">It is not valid JSON, or incomplete.</exception>
    public static new ByteLevelBpeTokenizer FromTokenizerJson(Stream stream) => TokenizerJson.Read(stream, root => new ByteLevelBpeTokenizer(BpeTokenizerJson.Read(root, [])));

    /// <summary>The id of a control or other added token by its exact text, or null.</summary>
    public override int? ControlToken(string text) => _added.IdOf(text);

    /// <summary>True for tokens that steer the model ("special"), false for ordinary and unknown ids.</summary>
    public override bool IsControl(int id) => _added.IsControl(id);

    /// <summary>The bytes that an id stands for; rarely whole characters. Empty for an id that the vocabulary does not have (models pad theirs).</summary>
    public override ReadOnlyMemory<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : default;

    public override IReadOnlyList<Token> Encode(string text, IReadOnlyList<Range> trusted) => _added.Around(text, trusted, EncodePlain);

    public override string Decode(IReadOnlyList<int> ids, bool skipControlTokens = false)
    {
        using var bytes = new MemoryStream(ids.Count * 4);
        foreach (var id in ids)
            if (!skipControlTokens || !IsControl(id))
                bytes.Write(BytesOf(id).Span);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private void EncodePlain(string text, int start, int end, List<Token> tokens)
    {
        if (start == end) return;
        var source = text.AsSpan(start, end - start);
        var normalized = _normalizes ? NormalizedText.FormC(source) : null;
        var content = normalized is null ? source : normalized.Text;
        var points = new CodePoints(content);
        for (var at = 0; at < points.Count;)
        {
            var pieceEnd = _splitter.PieceEnd(points, at);
            var piece = content[points.Start(at)..points.Start(pieceEnd)];
            AddWithOffsets(piece, IdsOf(piece), start, points.Start(at), normalized, tokens);
            at = pieceEnd;
        }
    }

    private int[] IdsOf(ReadOnlySpan<char> piece)
    {
        if (_cache.TryGet(piece, out var ids)) return ids;
        ids = Merge(piece);
        _cache.Keep(piece, ids);
        return ids;
    }

    private int[] Merge(ReadOnlySpan<char> piece)
    {
        var utf8 = new byte[Encoding.UTF8.GetMaxByteCount(piece.Length)];
        var length = Encoding.UTF8.GetBytes(piece, utf8);
        if (_wholePieces is not null && _wholePieces.TryGetValue(ByteAlphabet.ToLetters(utf8.AsSpan(0, length)), out var whole)) return [whole];

        var ids = new int[length];
        var count = 0;
        foreach (var value in utf8.AsSpan(0, length))
            if (_byteIds[value] >= 0) ids[count++] = _byteIds[value];
        count = _merges.Join(ids.AsSpan(0, count));
        return ids[..count];
    }

    /// <summary>
    /// Walks a piece's bytes beside its characters: a token has the range from its first byte's character to its last byte's. Bytes without
    /// a token are not counted, so offsets behind one slip to the left within its piece, as the reference's do.
    /// </summary>
    private void AddWithOffsets(ReadOnlySpan<char> piece, int[] ids, int textStart, int pieceStart, NormalizedText? normalized, List<Token> tokens)
    {
        var cursor = new ByteCursor(piece);
        foreach (var id in ids)
        {
            var start = pieceStart + cursor.CharacterStart;
            for (var left = _bytes[id].Length; left > 1; left--) cursor.Advance();
            var end = pieceStart + cursor.CharacterEnd;
            cursor.Advance();
            if (normalized is not null) (start, end) = normalized.Original(start, end);
            tokens.Add(new Token(id, textStart + start, textStart + end));
        }
    }

    private IReadOnlyList<int> Known(IReadOnlyList<int> ids) => ids.All(id => (uint)id < (uint)_bytes.Length)
        ? ids
        : throw new InvalidDataException($"The tokenizer puts id {ids.First(id => (uint)id >= (uint)_bytes.Length)} around its text, but has only {_bytes.Length} tokens. The model file is damaged: fetch it again.");
}

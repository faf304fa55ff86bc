using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// SentencePiece-style BPE: the tokenizer of Llama 2, Mistral, Phi-3 and Gemma. Spaces become ▁, characters are tokens, and the pair with the
/// best merge joins until none is left; a character without a token is written as its UTF-8 bytes. Ids are those of SentencePiece and of the
/// Hugging Face tokenizers library, whose goldens agree. Thread-safe; results for short words are kept in a cache of bounded size.
/// </summary>
public sealed class SentencePieceBpeTokenizer : ChatTokenizer
{
    private const char Space = '▁';

    /// <summary>Tags that Gemma's vocabulary finds as a whole in any text. They steer nothing.</summary>
    private static readonly FrozenSet<string> HtmlTags = new[]
        {
            "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "strong", "em", "b", "i", "u", "s", "sub", "sup", "code", "ul", "li",
        }
        .SelectMany(name => new[] { $"<{name}>", $"</{name}>" }).ToFrozenSet(StringComparer.Ordinal);

    private readonly BpeMerges _merges;
    private readonly AddedTokens _added;
    private readonly byte[][] _bytes;
    private readonly int[] _lengths; // bytes of the text that a token stands for, ▁ included
    private readonly bool[] _isByte;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<int, int> _characters = [];
    private readonly List<string> _lettersWithoutToken = [];
    private readonly LeadingSpace _leadingSpace;
    private readonly bool _cutsAtSpaces;
    private readonly bool _wordsStayApart;
    private readonly PieceCache _cache = new();

    private SentencePieceBpeTokenizer(SentencePieceVocabulary parts)
    {
        var count = parts.Tokens.Count;
        if (parts.Kinds.Count != count || (parts.Scores is not null && parts.Scores.Count != count))
            throw new InvalidDataException($"The tokenizer has {count} pieces, {parts.Kinds.Count} kinds and {parts.Scores?.Count ?? count} scores. It is damaged: fetch it again.");
        if (parts.AddedTokens.FirstOrDefault(token => token.Id < 0 || token.Id > count + 100_000) is { } stray)
            throw new InvalidDataException($"The added token '{stray.Content}' has id {stray.Id} in a vocabulary of {count}. The tokenizer is damaged: fetch it again.");

        VocabularySize = Math.Max(count, parts.AddedTokens.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        (_bytes, _lengths, _isByte) = (new byte[VocabularySize][], new int[VocabularySize], new bool[VocabularySize]);
        Array.Fill(_bytes, []);
        Array.Fill(_byteIds, -1);
        var added = parts.AddedTokens.Select(token => token with { IsText = IsPlainText(token) }).ToList();
        _added = new AddedTokens(added);
        var ids = Index(parts, added);
        foreach (var token in added) _bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content.Replace(Space, ' '));
        if (Array.IndexOf(_byteIds, -1) is >= 0 and var missing)
            throw new NotSupportedException($"The tokenizer has no token <0x{missing:X2}> for a character without a token of its own; expected all 256 (byte fallback). Use a model of a supported family.");

        _merges = parts.Merges is { } merges ? new ListedMerges(merges, ids) : ScoredMerges(parts, ids);
        foreach (var (text, id) in ids)
            if (Rune.TryGetRuneAt(text, 0, out var rune) && rune.Utf16SequenceLength == text.Length) _characters[rune.Value] = id;
        for (var i = 0; i < _lettersWithoutToken.Count; i++) _characters[Rune.GetRuneAt(_lettersWithoutToken[i], 0).Value] = VocabularySize + i;
        _wordsStayApart = !ids.Keys.Any(HasSpaceInside);
        (_leadingSpace, _cutsAtSpaces) = (parts.LeadingSpace, parts.CutsAtSpaces);
        AddsLeadingSpace = parts.DropsLeadingSpace ?? parts.LeadingSpace != LeadingSpace.Never;
        Prefix = Known(parts.Prefix);
        Suffix = Known(parts.Suffix);
    }

    public override int VocabularySize { get; }

    public override IReadOnlyList<int> Prefix { get; }

    public override IReadOnlyList<int> Suffix { get; }

    public override bool AddsLeadingSpace { get; }

    /// <summary>Builds the tokenizer from the parts that a GGUF file or another store holds.</summary>
    /// <exception cref="NotSupportedException">The vocabulary has no byte fallback.</exception>
    /// <exception cref="InvalidDataException">The parts contradict each other.</exception>
    public static SentencePieceBpeTokenizer FromParts(SentencePieceVocabulary parts) => new(parts);

    /// <summary>Reads SentencePiece's own tokenizer.model.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="addBos">Put &lt;s&gt; before a text: add_bos_token of tokenizer_config.json. Default true, as for Llama 2.</param>
    /// <param name="addEos">Put &lt;/s&gt; after a text: add_eos_token of tokenizer_config.json. Default false.</param>
    /// <param name="further">Tokens that tokenizer_config.json adds to the file's own; one with an id of the file replaces it.</param>
    /// <exception cref="NotSupportedException">The model is no BPE model, or normalises text.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static SentencePieceBpeTokenizer FromSentencePieceModel(ReadOnlySpan<byte> file, bool addBos = true, bool addEos = false, IReadOnlyList<AddedToken>? further = null)
    {
        var parts = SentencePieceModelFile.Read(file);
        var replaced = (further ?? []).Select(token => token.Id).ToHashSet();
        IReadOnlyList<AddedToken> added = [.. parts.AddedTokens.Where(token => !replaced.Contains(token.Id)), .. further ?? []];
        return new(parts with { AddedTokens = added, Prefix = addBos ? [Named("<s>", "<bos>")] : [], Suffix = addEos ? [Named("</s>", "<eos>")] : [] });

        int Named(params string[] names) => added.FirstOrDefault(token => names.Contains(token.Content))?.Id
            ?? throw new InvalidDataException($"tokenizer.model has no token {string.Join(" or ", names)}, which is to stand around a text. Use a model with a complete tokenizer.json.");
    }

    /// <summary>The id of a control or other added token by its exact text, or null.</summary>
    public override int? ControlToken(string text) => _added.IdOf(text);

    /// <summary>True for tokens that steer the model, false for ordinary and unknown ids.</summary>
    public override bool IsControl(int id) => _added.IsControl(id);

    /// <summary>The bytes that an id stands for; its ▁ is a space. Empty for an id that the vocabulary does not have.</summary>
    public override ReadOnlyMemory<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : default;

    public override IReadOnlyList<Token> Encode(string text, IReadOnlyList<Range> trusted) => _added.Around(text, trusted, EncodePlain);

    /// <summary>As the reference: byte tokens in a row that are no valid UTF-8 as a whole give one U+FFFD each, and the space that encoding put first is dropped.</summary>
    public override string Decode(IReadOnlyList<int> ids, bool skipControlTokens = false)
    {
        var text = new StringBuilder(ids.Count * 4);
        var run = new List<byte>();
        foreach (var id in ids)
        {
            if (skipControlTokens && IsControl(id)) continue;
            if ((uint)id < (uint)_isByte.Length && _isByte[id])
            {
                run.Add(_bytes[id][0]);
                continue;
            }
            AppendRun();
            text.Append(Encoding.UTF8.GetString(BytesOf(id).Span));
        }
        AppendRun();
        return AddsLeadingSpace && text.Length > 0 && text[0] == ' ' ? text.ToString(1, text.Length - 1) : text.ToString();

        void AppendRun()
        {
            var bytes = run.ToArray();
            run.Clear();
            if (System.Text.Unicode.Utf8.IsValid(bytes)) text.Append(Encoding.UTF8.GetString(bytes));
            else text.Append('\uFFFD', bytes.Length);
        }
    }

    /// <summary>The byte of a token "&lt;0x0A&gt;", or null.</summary>
    internal static byte? ByteOf(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>' && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>Fills the tables by id and gives the pieces that merging may make.</summary>
    private Dictionary<string, int> Index(SentencePieceVocabulary parts, List<AddedToken> added)
    {
        var marks = added.Where(token => !token.IsText).Select(token => token.Id).ToHashSet();
        var ids = new Dictionary<string, int>(parts.Tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < parts.Tokens.Count; id++)
        {
            var text = parts.Tokens[id];
            if (parts.Kinds[id] == PieceKind.Byte)
            {
                var value = ByteOf(text) ?? throw new InvalidDataException($"The piece {id} '{text}' should be a byte, <0x00> to <0xFF>. The tokenizer is damaged: fetch it again.");
                (_bytes[id], _lengths[id], _isByte[id]) = ([value], 1, true);
                if (_byteIds[value] < 0) _byteIds[value] = id;
                continue;
            }
            _bytes[id] = Encoding.UTF8.GetBytes(text.Replace(Space, ' '));
            _lengths[id] = Encoding.UTF8.GetByteCount(text);
            // What steers the model is no material for merging, so plain text cannot make it.
            if (text.Length > 0 && parts.Kinds[id] is PieceKind.Normal or PieceKind.UserDefined && !marks.Contains(id)) ids.TryAdd(text.Replace(' ', Space), id);
        }
        return ids;
    }

    /// <summary>
    /// Every concatenation that is a piece is a merge. A letter may stand in pieces and be none itself; it joins as a token behind the
    /// vocabulary then, and falls to bytes when it stays alone.
    /// </summary>
    private RankedMerges ScoredMerges(SentencePieceVocabulary parts, Dictionary<string, int> ids)
    {
        var scores = parts.Scores ?? throw new InvalidDataException("The tokenizer has neither merges nor scores. It is damaged: fetch it again.");
        var ordered = scores.Distinct().OrderDescending().Select((score, rank) => (score, rank)).ToDictionary(entry => entry.score, entry => entry.rank);
        var letters = ids.Keys.Where(text => text.Length > 1).SelectMany(text => text.EnumerateRunes()).Distinct().Select(rune => rune.ToString());
        _lettersWithoutToken.AddRange(letters.Where(letter => !ids.ContainsKey(letter)));
        string[] texts = [.. parts.Tokens, .. Enumerable.Repeat("", VocabularySize - parts.Tokens.Count), .. _lettersWithoutToken];
        return new RankedMerges(texts, ids, [.. scores.Select(score => ordered[score])]);
    }

    private void EncodePlain(string text, int start, int end, List<Token> tokens)
    {
        if (start == end) return;
        var source = text.AsSpan(start, end - start);
        var leads = _leadingSpace switch
        {
            LeadingSpace.EveryPart => true,
            LeadingSpace.EveryPartWithoutOne => source[0] is not (' ' or Space),
            LeadingSpace.FirstPartWithoutOne => start == 0 && source[0] is not (' ' or Space),
            _ => false,
        };
        var own = leads ? 1 : 0;
        var content = new char[source.Length + own];
        if (leads) content[0] = Space;
        source.Replace(content.AsSpan(own), ' ', Space);

        Rune.DecodeFromUtf16(source, out _, out var firstLength);
        for (var at = 0; at < content.Length;)
        {
            var wordEnd = WordEnd(content, at);
            var word = content.AsSpan(at, wordEnd - at);
            var cursor = new ByteCursor(word);
            foreach (var id in IdsOf(word))
            {
                var tokenStart = at + cursor.CharacterStart - own;
                for (var left = _lengths[id]; left > 1; left--) cursor.Advance();
                var tokenEnd = at + cursor.CharacterEnd - own;
                cursor.Advance();
                // The leading space is not in the text: alone it has the place of the first character.
                tokens.Add(new Token(id, start + Math.Max(tokenStart, 0), start + (tokenEnd <= 0 ? firstLength : tokenEnd)));
            }
            at = wordEnd;
        }
    }

    /// <summary>Where nothing can join across: before a space that follows something else, unless a piece has such a place inside. Text that cannot be cut is one word.</summary>
    private int WordEnd(char[] content, int start)
    {
        if (!_wordsStayApart && !_cutsAtSpaces) return content.Length;
        for (var at = start + 1; at < content.Length; at++)
            if (content[at] == Space && (_cutsAtSpaces || content[at - 1] != Space)) return at;
        return content.Length;
    }

    private int[] IdsOf(ReadOnlySpan<char> word)
    {
        if (_cache.TryGet(word, out var ids)) return ids;
        ids = Merge(word);
        _cache.Keep(word, ids);
        return ids;
    }

    private int[] Merge(ReadOnlySpan<char> word)
    {
        var ids = new List<int>(word.Length);
        foreach (var rune in word.EnumerateRunes())
            if (_characters.TryGetValue(rune.Value, out var id)) ids.Add(id);
            else AddBytes(rune, ids);
        var joined = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids);
        joined = joined[.._merges.Join(joined)];
        if (_lettersWithoutToken.Count == 0) return joined.ToArray();

        var written = new List<int>(joined.Length);
        foreach (var id in joined)
            if (id < VocabularySize) written.Add(id);
            else AddBytes(Rune.GetRuneAt(_lettersWithoutToken[id - VocabularySize], 0), written);
        return [.. written];
    }

    private void AddBytes(Rune rune, List<int> ids)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var value in utf8[..rune.EncodeToUtf8(utf8)]) ids.Add(_byteIds[value]);
    }

    /// <summary>
    /// White space, single characters and HTML tags among the tokens that are found as a whole are text and found in any text. All others may
    /// steer the model, whatever the file says of them, and are found only where the template wrote them.
    /// </summary>
    private static bool IsPlainText(AddedToken token) => !token.IsControl
        && (token.Content.All(letter => letter == Space || char.IsWhiteSpace(letter)) || token.Content.EnumerateRunes().Count() == 1 || HtmlTags.Contains(token.Content));

    private static bool HasSpaceInside(string piece)
    {
        for (var at = 1; at < piece.Length; at++)
            if (piece[at] == Space && piece[at - 1] != Space) return true;
        return false;
    }

    private IReadOnlyList<int> Known(IReadOnlyList<int> ids) => ids.All(id => (uint)id < (uint)VocabularySize)
        ? ids
        : throw new InvalidDataException($"The tokenizer puts id {ids.First(id => (uint)id >= (uint)VocabularySize)} around its text, but has only {VocabularySize} tokens. The model file is damaged: fetch it again.");
}

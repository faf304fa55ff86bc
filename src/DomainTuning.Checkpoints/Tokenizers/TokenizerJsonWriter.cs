using System.Text.Encodings.Web;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Writes a tokenizer as tokenizer.json of the Hugging Face library, for models that come as GGUF files. The steps are those that the families' own files
/// have; whoever writes one reads it again and compares (<see cref="ChatTokenizer.Fingerprint"/>).
/// </summary>
internal static class TokenizerJsonWriter
{
    private const string Space = "▁";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    /// <exception cref="CheckpointException">Two tokens have one text.</exception>
    public static void Write(BpeVocabulary parts, Stream stream)
    {
        var splitter = BpeSplitter.Named(parts.PreTokenizer);
        object bytes = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = splitter.Pattern == BpeSplitter.Gpt2Pattern };
        object[] steps = splitter.Pattern == BpeSplitter.Gpt2Pattern ? [bytes] : [new { type = "Split", pattern = new { Regex = splitter.Pattern }, behavior = "Isolated", invert = false }, bytes];
        if (splitter.CutsDigitsFirst) steps = [new { type = "Digits", individual_digits = true }, .. steps];
        Write(stream, parts.Tokens, parts.AddedTokens, new Dictionary<string, object?>
        {
            ["normalizer"] = parts.NormalizesToFormC ?? splitter.NormalizesToFormC ? new { type = "NFC" } : null,
            ["pre_tokenizer"] = new { type = "Sequence", pretokenizers = steps },
            ["post_processor"] = Around(parts.Tokens, parts.Prefix, parts.Suffix) ?? bytes,
            ["decoder"] = bytes,
            ["model"] = Model(parts.Tokens, parts.Merges ?? [], unknown: null, byteFallback: false, parts.IgnoreMerges ?? splitter.IgnoresMerges),
        });
    }

    /// <exception cref="CheckpointException">Two tokens have one text.</exception>
    public static void Write(SentencePieceVocabulary parts, Stream stream)
    {
        object replace = new { type = "Replace", pattern = new { String = " " }, content = Space };
        var prepends = parts.LeadingSpace == LeadingSpace.EveryPart;
        object[] decoding = [new { type = "Replace", pattern = new { String = Space }, content = " " }, new { type = "ByteFallback" }, new { type = "Fuse" }];
        if (prepends) decoding = [.. decoding, new { type = "Strip", content = " ", start = 1, stop = 0 }];
        var unknown = Enumerable.Range(0, parts.Tokens.Count).Where(id => parts.Kinds[id] == PieceKind.Unknown).Select(id => parts.Tokens[id]).FirstOrDefault();
        Write(stream, parts.Tokens, parts.AddedTokens, new Dictionary<string, object?>
        {
            ["normalizer"] = new { type = "Sequence", normalizers = prepends ? [new { type = "Prepend", prepend = Space }, replace] : new[] { replace } },
            ["pre_tokenizer"] = null,
            ["post_processor"] = Around(parts.Tokens, parts.Prefix, parts.Suffix),
            ["decoder"] = new { type = "Sequence", decoders = decoding },
            ["model"] = Model(parts.Tokens, parts.Merges ?? Merges(parts), unknown, byteFallback: true, ignoreMerges: false),
        });
    }

    private static void Write(Stream stream, IReadOnlyList<string> tokens, IReadOnlyList<AddedToken> added, Dictionary<string, object?> parts)
    {
        if (tokens.GroupBy(token => token).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new CheckpointException($"The tokenizer has the token '{twice.Key}' {twice.Count()} times, which a tokenizer.json cannot hold. Export the adapter as lora-gguf, which needs no tokenizer.");
        var all = new Dictionary<string, object?>
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added.OrderBy(token => token.Id).Select(token => new
            {
                id = token.Id, content = token.Content, single_word = token.IsSingleWord, lstrip = token.StripsLeft, rstrip = token.StripsRight, normalized = false, special = token.IsControl,
            }),
        };
        foreach (var (name, value) in parts) all.Add(name, value);
        JsonSerializer.Serialize(stream, all, Json);
    }

    private static Dictionary<string, object?> Model(IReadOnlyList<string> tokens, IReadOnlyList<string> merges, string? unknown, bool byteFallback, bool ignoreMerges) => new()
    {
        ["type"] = "BPE",
        ["dropout"] = null,
        ["unk_token"] = unknown,
        ["continuing_subword_prefix"] = null,
        ["end_of_word_suffix"] = null,
        ["fuse_unk"] = byteFallback,
        ["byte_fallback"] = byteFallback,
        ["ignore_merges"] = ignoreMerges,
        ["vocab"] = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id),
        ["merges"] = merges,
    };

    /// <summary>What is put around a text; null for nothing.</summary>
    private static object? Around(IReadOnlyList<string> tokens, IReadOnlyList<int> before, IReadOnlyList<int> after)
    {
        if (before.Count == 0 && after.Count == 0) return null;
        IEnumerable<object> Special(IEnumerable<int> ids) => ids.Select(id => (object)new { SpecialToken = new { id = tokens[id], type_id = 0 } });
        object Text(string id, int type) => new { Sequence = new { id, type_id = type } };
        return new
        {
            type = "TemplateProcessing",
            single = (object[])[.. Special(before), Text("A", 0), .. Special(after)],
            pair = (object[])[.. Special(before), Text("A", 0), .. Special(after), .. Special(before), Text("B", 1), .. Special(after)],
            special_tokens = before.Concat(after).Distinct().ToDictionary(id => tokens[id], id => new { id = tokens[id], ids = new[] { id }, tokens = new[] { tokens[id] } }),
        };
    }

    /// <summary>Every way to make a piece out of two others, the best score first: what the Hugging Face library makes of a SentencePiece model.</summary>
    private static List<string> Merges(SentencePieceVocabulary parts)
    {
        bool IsText(int id) => parts.Kinds[id] is PieceKind.Normal or PieceKind.UserDefined;
        var pieces = Enumerable.Range(0, parts.Tokens.Count).Where(IsText).ToDictionary(id => parts.Tokens[id], id => id, StringComparer.Ordinal);
        var known = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(float Score, int Cut, string Merge)>();
        foreach (var (piece, id) in pieces)
            for (var cut = 1; cut < piece.Length; cut++)
                if (known.ContainsKey(piece.AsSpan(0, cut)) && known.ContainsKey(piece.AsSpan(cut)))
                    merges.Add((parts.Scores![id], cut, $"{piece[..cut]} {piece[cut..]}"));
        return [.. merges.OrderByDescending(merge => merge.Score).ThenByDescending(merge => merge.Cut).Select(merge => merge.Merge)];
    }
}

using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Reads the tokenizer.json of a byte-level BPE model. What it cannot do exactly it refuses by name.</summary>
internal static class BpeTokenizerJson
{
    public static BpeVocabulary Read(Stream stream)
    {
        try
        {
            using var document = JsonDocument.Parse(stream);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"tokenizer.json is damaged or not what its name says ({error.Message}). Fetch the file again.", error);
        }
    }

    private static BpeVocabulary Read(JsonElement root)
    {
        var model = Required(root, "model");
        if (model.ValueKind != JsonValueKind.Object || Text(model, "type") is not ("BPE" or null))
            throw Unsupported("model", "a byte-level BPE model");
        if (Flag(model, "byte_fallback") || Text(model, "unk_token") is not null || !string.IsNullOrEmpty(Text(model, "continuing_subword_prefix"))
            || !string.IsNullOrEmpty(Text(model, "end_of_word_suffix")))
            throw Unsupported("model", "byte-level BPE without byte fallback, unknown token, prefix or suffix");

        var added = AddedTokens(root);
        return new BpeVocabulary
        {
            Tokens = Tokens(Required(model, "vocab"), added),
            Merges = [.. Required(model, "merges").EnumerateArray().Select(Merge)],
            PreTokenizer = PreTokenizer(root),
            AddedTokens = added,
            Prefix = Around(root, before: true),
            Suffix = Around(root, before: false),
            IgnoreMerges = Flag(model, "ignore_merges"),
            NormalizesToFormC = NormalizesToFormC(root),
        };
    }

    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.Array
        ? string.Join(' ', merge.EnumerateArray().Select(part => part.GetString()))
        : merge.GetString()!;

    private static string[] Tokens(JsonElement vocabulary, List<AddedToken> added)
    {
        var entries = vocabulary.EnumerateObject().Select(entry => (entry.Name, Id: entry.Value.GetInt32()))
            .Concat(added.Select(token => (Name: token.Content, token.Id))).ToList();
        var count = entries.Count == 0 ? 0 : entries.Max(entry => entry.Id) + 1;
        if (count > entries.Count + 100_000 || entries.Any(entry => entry.Id < 0))
            throw new InvalidDataException($"tokenizer.json numbers {entries.Count} tokens up to {count - 1}; expected ids without large gaps. Fetch the file again.");
        var tokens = new string[count];
        Array.Fill(tokens, "");
        foreach (var (name, id) in entries) tokens[id] = name;
        return tokens;
    }

    private static List<AddedToken> AddedTokens(JsonElement root)
    {
        var tokens = new List<AddedToken>();
        if (!root.TryGetProperty("added_tokens", out var list)) return tokens;
        foreach (var entry in list.EnumerateArray())
            if (Text(entry, "content") is { Length: > 0 } content)
                tokens.Add(new AddedToken(Required(entry, "id").GetInt32(), content, Flag(entry, "special"), Flag(entry, "lstrip"), Flag(entry, "rstrip"), Flag(entry, "single_word")));
        return tokens;
    }

    /// <summary>ByteLevel alone is GPT-2's pattern; before it may stand Digits or a Split with a family's pattern.</summary>
    private static string PreTokenizer(JsonElement root)
    {
        var steps = Steps(Required(root, "pre_tokenizer"), "pretokenizers");
        var digits = false;
        string? pattern = null;
        var byteLevel = false;
        foreach (var step in steps)
        {
            switch (Text(step, "type"))
            {
                case "Digits" when Flag(step, "individual_digits") && pattern is null && !byteLevel:
                    digits = true;
                    break;
                case "Split" when pattern is null && !byteLevel && Text(step, "behavior") is "Isolated" or "Removed" && step.TryGetProperty("pattern", out var split):
                    pattern = Text(split, "Regex");
                    break;
                case "ByteLevel" when !byteLevel && !Flag(step, "add_prefix_space"):
                    byteLevel = true;
                    if (!step.TryGetProperty("use_regex", out var use) || use.ValueKind == JsonValueKind.True)
                        pattern = pattern is null ? BpeSplitter.Gpt2Pattern : "two patterns";
                    break;
                default:
                    throw Unsupported("pre_tokenizer", "steps Digits (individual), Split and ByteLevel without a prefix space");
            }
        }
        return (byteLevel && pattern is not null ? BpeSplitter.NameOf(pattern, digits) : null)
            ?? throw Unsupported("pre_tokenizer", "the pattern of a known family (gpt-2, smollm, llama-bpe, qwen2)");
    }

    private static bool NormalizesToFormC(JsonElement root)
    {
        if (!root.TryGetProperty("normalizer", out var normalizer) || normalizer.ValueKind == JsonValueKind.Null) return false;
        var steps = Steps(normalizer, "normalizers");
        if (steps.Any(step => Text(step, "type") != "NFC")) throw Unsupported("normalizer", "none or NFC");
        return steps.Count > 0;
    }

    /// <summary>The special tokens that the post-processor's template puts before or after one text.</summary>
    private static List<int> Around(JsonElement root, bool before)
    {
        var ids = new List<int>();
        if (!root.TryGetProperty("post_processor", out var processor) || processor.ValueKind == JsonValueKind.Null) return ids;
        foreach (var step in Steps(processor, "processors"))
        {
            switch (Text(step, "type"))
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    var seen = false;
                    foreach (var item in Required(step, "single").EnumerateArray())
                    {
                        if (item.TryGetProperty("Sequence", out _)) seen = true;
                        else if (seen != before && item.TryGetProperty("SpecialToken", out var special))
                            ids.AddRange(Required(Required(Required(step, "special_tokens"), Text(special, "id") ?? ""), "ids").EnumerateArray().Select(id => id.GetInt32()));
                    }
                    break;
                default:
                    throw Unsupported("post_processor", "ByteLevel and TemplateProcessing");
            }
        }
        return ids;
    }

    private static List<JsonElement> Steps(JsonElement step, string list) =>
        Text(step, "type") == "Sequence" ? [.. Required(step, list).EnumerateArray()] : [step];

    private static JsonElement Required(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
        ? value
        : throw new InvalidDataException($"tokenizer.json lacks '{name}'. Fetch the file again, or use a model with a complete tokenizer.json.");

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static NotSupportedException Unsupported(string part, string expected) =>
        new($"The '{part}' of this tokenizer.json is of a kind that would not be reproduced exactly; expected {expected}. Use a model of a supported family.");
}

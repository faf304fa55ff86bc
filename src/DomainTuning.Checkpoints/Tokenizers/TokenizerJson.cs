using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>The parts of a Hugging Face tokenizer.json that every kind of BPE shares: vocabulary, merges, added tokens, and what is put around a text.</summary>
internal static class TokenizerJson
{
    /// <summary>Parses and reads; whatever shows that the file is no tokenizer.json becomes one kind of error.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON, or incomplete.</exception>
    public static T Read<T>(Stream stream, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(stream);
            return read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"tokenizer.json is damaged or not what its name says ({error.Message}). Fetch the file again.", error);
        }
    }

    /// <summary>The model of a BPE tokenizer; any other kind is refused by its name.</summary>
    public static JsonElement Model(JsonElement root)
    {
        var model = Required(root, "model");
        return model.ValueKind == JsonValueKind.Object && Text(model, "type") is "BPE" or null
            ? model
            : throw new NotSupportedException($"This tokenizer.json holds a model of the kind '{Text(model, "type")}'; chat models are cut by BPE here (byte-level or SentencePiece-style). Use a model of a supported family.");
    }

    public static string[] Merges(JsonElement model) => [.. Required(model, "merges").EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.Array
        ? string.Join(' ', merge.EnumerateArray().Select(part => part.GetString()))
        : merge.GetString()!)];

    /// <summary>Token texts, index = id; ids that nothing has are empty.</summary>
    public static string[] Tokens(JsonElement model, IReadOnlyList<AddedToken> added)
    {
        var entries = Required(model, "vocab").EnumerateObject().Select(entry => (entry.Name, Id: entry.Value.GetInt32()))
            .Concat(added.Select(token => (Name: token.Content, token.Id))).ToList();
        var count = entries.Count == 0 ? 0 : entries.Max(entry => entry.Id) + 1;
        if (count > entries.Count + 100_000 || entries.Any(entry => entry.Id < 0))
            throw new InvalidDataException($"tokenizer.json numbers {entries.Count} tokens up to {count - 1}; expected ids without large gaps. Fetch the file again.");
        var tokens = new string[count];
        Array.Fill(tokens, "");
        foreach (var (name, id) in entries) tokens[id] = name;
        return tokens;
    }

    /// <param name="changes">Whether the normaliser changes a text; a token that is looked for after it would not be found by its own text then.</param>
    /// <param name="further">Tokens that tokenizer_config.json adds; those with an id that the file has already are left out.</param>
    public static List<AddedToken> AddedTokens(JsonElement root, Func<string, bool> changes, IReadOnlyList<AddedToken> further)
    {
        var tokens = new List<AddedToken>();
        if (root.TryGetProperty("added_tokens", out var list))
            foreach (var entry in list.EnumerateArray())
            {
                if (Text(entry, "content") is not { Length: > 0 } content) continue;
                if (Flag(entry, "normalized") && changes(content))
                    throw new NotSupportedException(
                        $"The added token '{content}' of this tokenizer.json is looked for in normalised text (\"normalized\": true), which would not be reproduced exactly. Use a newer file of the model, or its GGUF file.");
                tokens.Add(new AddedToken(Required(entry, "id").GetInt32(), content, Flag(entry, "special"), Flag(entry, "lstrip"), Flag(entry, "rstrip"), Flag(entry, "single_word")));
            }

        var known = tokens.Select(token => token.Id).ToHashSet();
        tokens.AddRange(further.Where(token => !known.Contains(token.Id)));
        return tokens;
    }

    /// <summary>The special tokens that the post-processor's template puts before or after one text.</summary>
    public static List<int> Around(JsonElement root, bool before)
    {
        var ids = new List<int>();
        foreach (var step in Steps(root, "post_processor", "processors"))
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
                    throw Unsupported("post_processor", "ByteLevel and TemplateProcessing", step);
            }
        }
        return ids;
    }

    /// <summary>The steps of a part: none when it is null, one, or those of its Sequence.</summary>
    public static IReadOnlyList<JsonElement> Steps(JsonElement root, string part, string list)
    {
        if (!root.TryGetProperty(part, out var step) || step.ValueKind == JsonValueKind.Null) return [];
        return Text(step, "type") == "Sequence" ? [.. Required(step, list).EnumerateArray()] : [step];
    }

    public static JsonElement Required(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
        ? value
        : throw new InvalidDataException($"tokenizer.json lacks '{name}'. Fetch the file again, or use a model with a complete tokenizer.json.");

    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool Flag(JsonElement element, string name, bool missing = false) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ValueKind == JsonValueKind.True : missing;

    /// <param name="step">The step that is not known, for its name.</param>
    public static NotSupportedException Unsupported(string part, string expected, JsonElement step = default) => new(
        $"The '{part}' of this tokenizer.json is of a kind that would not be reproduced exactly{(Text(step, "type") is { } type ? $" (a step '{type}')" : "")}; expected {expected}. Use a model of a supported family.");
}

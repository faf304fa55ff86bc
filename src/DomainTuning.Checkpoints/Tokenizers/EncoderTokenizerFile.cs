using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Reads an encoder's tokenizer.json. Whatever changes ids and is not known here is refused by name. The file's own truncation and padding
/// are left aside: lengths come from the model's configuration.
/// </summary>
internal static class EncoderTokenizerFile
{
    private static readonly string[] Known =
        ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"];

    internal static EncoderTokenizer Read(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var document = JsonDocument.Parse(stream);
            var root = document.RootElement;
            foreach (var property in root.EnumerateObject())
                if (!Known.Contains(property.Name))
                    throw Unknown(file, property.Name, property.Value.ToString());

            var model = root.GetProperty("model");
            return Type(model) switch
            {
                "WordPiece" => WordPieceTokenizer.Read(root, file),
                "Unigram" => UnigramTokenizer.Read(root, file),
                var other => throw new CheckpointException(
                    $"'{file}' has model.type '{other}'; encoders are read with WordPiece (BERT family) or Unigram (XLM-RoBERTa family). Choose an encoder of these families."),
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException($"'{file}' is not a complete tokenizer.json: {exception.Message} Download the file again.", exception);
        }
    }

    /// <summary>An element's "type", or "null" where the element is absent or null.</summary>
    internal static string Type(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("type", out var type) ? type.GetString() ?? "null" : "null";

    internal static JsonElement Part(JsonElement root, string name) => root.TryGetProperty(name, out var part) ? part : default;

    /// <summary>The "added_tokens".</summary>
    internal static List<AddedToken> AddedTokens(JsonElement root, string file)
    {
        var tokens = new List<AddedToken>();
        foreach (var entry in root.GetProperty("added_tokens").EnumerateArray())
        {
            var token = new AddedToken(
                entry.GetProperty("id").GetInt32(), entry.GetProperty("content").GetString()!, Flag("special"), Flag("lstrip"), Flag("rstrip"), Flag("single_word"));
            if (token.Content.Length == 0) throw Unknown(file, $"added_tokens[{tokens.Count}].content", "empty text");
            // A control token is looked for only where a template wrote it, so its own normalisation cannot matter.
            if (Flag("normalized") && !token.IsControl) throw Unknown(file, $"added_tokens '{token.Content}'.normalized", "true");
            tokens.Add(token);

            bool Flag(string name) => entry.TryGetProperty(name, out var value) && value.GetBoolean();
        }

        return tokens;
    }

    /// <summary>Requires that an object has no other keys than these.</summary>
    internal static void OnlyKeys(JsonElement element, string file, string where, params ReadOnlySpan<string> keys)
    {
        foreach (var property in element.EnumerateObject())
            if (property.Name != "type" && !keys.Contains(property.Name))
                throw Unknown(file, $"{where}.{property.Name}", property.Value.ToString());
    }

    internal static CheckpointException Unknown(string file, string where, string value) =>
        new($"'{file}' has {where} = {(value.Length > 60 ? value[..60] + "…" : value)}, which is not known here, so the ids might be wrong. Choose another model or report it.");

    /// <summary>Whether a folder with a bare vocab.txt lower-cases: tokenizer_config.json or sentence_bert_config.json say so.</summary>
    internal static bool LowerCases(string folder)
    {
        var file = Path.Combine(folder, "tokenizer_config.json");
        if (File.Exists(file))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                if (document.RootElement.TryGetProperty("do_lower_case", out var value)) return value.GetBoolean();
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                throw new CheckpointException($"'{file}' is not readable: {exception.Message} Download the file again.", exception);
            }
        }

        throw new CheckpointException(
            $"'{folder}' has a vocab.txt but nothing says whether text is lower-cased. Add tokenizer_config.json with \"do_lower_case\": true or false, or the model's tokenizer.json.");
    }
}

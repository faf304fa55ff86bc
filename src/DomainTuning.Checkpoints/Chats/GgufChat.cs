using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Chats;

/// <summary>Chat conventions in the metadata of a GGUF file: tokenizer.ggml.* and tokenizer.chat_template.</summary>
internal static class GgufChat
{
    private const string TemplateKey = "tokenizer.chat_template";

    public static ChatConventions Read(GgufFile file)
    {
        var metadata = file.Metadata;
        ChatTokenizer tokenizer;
        try
        {
            tokenizer = ChatTokenizer.FromGguf(metadata);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidDataException)
        {
            throw new CheckpointException($"'{file.Path}' cannot be used for chat: {error.Message}", error);
        }

        var tokens = metadata.Strings("tokenizer.ggml.tokens");
        int? Id(string name) => metadata.Contains($"tokenizer.ggml.{name}_token_id") ? metadata.Integer<int>($"tokenizer.ggml.{name}_token_id") : null;
        string? Text(int? id) => id is { } value && (uint)value < (uint)tokens.Length ? tokens[value] : null;
        return ChatConventions.Of(file.Path, tokenizer, Templates(metadata), [Id("eos"), Id("eot"), Id("eom")], Text(Id("bos")), Text(Id("eos")));
    }

    /// <summary>The key itself holds the default, "….tool_use" and so on the named ones.</summary>
    private static Dictionary<string, string> Templates(GgufMetadata metadata)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in metadata.Entries.Keys)
            if (key == TemplateKey) templates["default"] = metadata.String(key);
            else if (key.StartsWith(TemplateKey + ".", StringComparison.Ordinal)) templates.TryAdd(key[(TemplateKey.Length + 1)..], metadata.String(key));
        return templates;
    }
}

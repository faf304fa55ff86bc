using System.Text.Encodings.Web;
using System.Text.Json;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Chats;

/// <summary>
/// Puts into a folder of weights what its chat needs: the base's own tokenizer and template files, or the same written anew where the base is a GGUF file.
/// What was written is read again and must be the same tokenizer and template.
/// </summary>
internal static class ChatFiles
{
    /// <summary>Copied along where they are: other programs' tokenizers, and the card that names the licence.</summary>
    private static readonly string[] Further = ["vocab.json", "merges.txt", "added_tokens.json", "README.md"];

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="chat">The base's.</param>
    /// <param name="folder">Has its config.json already, which names tokens too.</param>
    /// <exception cref="CheckpointException">The tokenizer cannot be written as a tokenizer.json that does the same.</exception>
    public static void Write(DecoderCheckpoint source, ChatConventions chat, string folder)
    {
        if (source.Gguf is null) Copy(source.Path, folder);
        else WriteNew(source, chat, folder);
        var written = ChatConventions.FromFolder(folder);
        if (written.Tokenizer.Fingerprint() != chat.Tokenizer.Fingerprint() || written.TemplateText != chat.TemplateText || !written.StopTokens.SetEquals(chat.StopTokens))
            throw new CheckpointException(
                $"The tokenizer of '{source.Path}' cannot be written as a tokenizer.json that cuts text in the same way. Export the adapter as lora-gguf, which needs no tokenizer, or merge into the model's safetensors folder.");
    }

    private static void Copy(string source, string folder)
    {
        var licences = Directory.EnumerateFiles(source).Select(file => Path.GetFileName(file)).Where(ChatSurvey.IsLicence);
        foreach (var name in FolderChat.Files.Concat(FolderChat.TokenizerFiles).Concat(Further).Concat(licences).Where(name => name != "config.json"))
        {
            var from = Path.Combine([source, .. name.Split('/')]);
            if (!File.Exists(from)) continue;
            var to = Path.Combine([folder, .. name.Split('/')]);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
        }
    }

    private static void WriteNew(DecoderCheckpoint source, ChatConventions chat, string folder)
    {
        var metadata = source.Gguf!.Metadata;
        using (var stream = File.Create(Path.Combine(folder, "tokenizer.json")))
        {
            if (metadata.String("tokenizer.ggml.model") == "gpt2") TokenizerJsonWriter.Write(BpeVocabulary.FromGguf(metadata), stream);
            else TokenizerJsonWriter.Write(SentencePieceVocabulary.FromGguf(metadata), stream);
        }

        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), chat.TemplateText);
        if (chat.ToolTemplate is { } tools)
        {
            var further = Directory.CreateDirectory(Path.Combine(folder, "additional_chat_templates"));
            File.WriteAllText(Path.Combine(further.FullName, "tool_use.jinja"), tools.Source);
        }

        var config = new Dictionary<string, object?>
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["bos_token"] = chat.BosText,
            ["eos_token"] = chat.EosText,
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = source.Shape.ContextTokens,
            ["chat_template"] = chat.TemplateText,
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonSerializer.Serialize(config, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), JsonSerializer.Serialize(new Dictionary<string, object> { ["eos_token_id"] = chat.StopTokens.Order() }, Json) + "\n");
    }
}

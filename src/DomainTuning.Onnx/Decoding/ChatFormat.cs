using System.Text.Json.Nodes;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>How a chat becomes token ids for one model, and which ids end its turn. Control tokens come from the model's own template alone: text of any message that looks like one stays text.</summary>
internal sealed class ChatFormat(ChatTokenizer tokenizer, ChatTemplate template, IReadOnlySet<int> stopTokens, string? beginToken, string? endToken)
{
    public ChatTokenizer Tokenizer => tokenizer;

    public IReadOnlySet<int> StopTokens => stopTokens;

    public string TemplateSha256 => template.Sha256;

    public string TokenizerSha256 { get; } = tokenizer.Fingerprint();

    /// <summary>Reads tokenizer, template and special ids of a GGUF file.</summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported.</exception>
    public static ChatFormat Read(GgufFile file) => Of(ChatConventions.FromGguf(file));

    /// <summary>Reads tokenizer, template and special ids of a Hugging Face folder.</summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported.</exception>
    public static ChatFormat Read(string folder) => Of(ChatConventions.FromFolder(folder));

    private static ChatFormat Of(ChatConventions chat) => new(chat.Tokenizer, chat.Template, chat.StopTokens, chat.BosText, chat.EosText);

    /// <summary>The ids of a prompt that ends where the assistant begins.</summary>
    /// <exception cref="TemplateException">The template refuses the chat.</exception>
    /// <exception cref="NotSupportedException">A message holds something other than text, or has a role that is not supported.</exception>
    public int[] Encode(IEnumerable<ChatMessage> messages)
    {
        var rendered = template.Render(new ChatTemplateInput
        {
            Messages = [.. messages.Select(Read)],
            AddGenerationPrompt = true,
            BosToken = beginToken,
            EosToken = endToken,
        });
        return [.. tokenizer.Encode(rendered.Text, rendered.Trusted).Select(token => token.Id)];
    }

    private static JsonObject Read(ChatMessage message)
    {
        if (message.Role != ChatRole.System && message.Role != ChatRole.User && message.Role != ChatRole.Assistant)
            throw new NotSupportedException($"A message has the role '{message.Role}'; this engine takes system, user and assistant. Tool results must be put into a user message.");
        foreach (var content in message.Contents)
            if (content is not TextContent)
                throw new NotSupportedException($"A message of the role '{message.Role}' holds {content.GetType().Name}; this engine takes text only.");
        return new JsonObject { ["role"] = message.Role.Value, ["content"] = string.Concat(message.Contents.OfType<TextContent>().Select(content => content.Text)) };
    }
}

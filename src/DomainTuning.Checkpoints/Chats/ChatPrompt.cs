using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Chats;

/// <summary>
/// A chat as a model's own template writes it, and its ids. Serving and training both come through here, so what a model was trained on is what it is
/// asked with. Control tokens come from the template alone: text of any message that looks like one stays text.
/// </summary>
public static class ChatPrompt
{
    /// <param name="messages">Objects with role and content; see <see cref="ChatTemplateInput.Messages"/>.</param>
    /// <param name="tools">Descriptions of functions; null for none.</param>
    /// <param name="forAnswer">The text ends where the assistant's answer begins; otherwise after the last message.</param>
    /// <exception cref="TemplateException">The template refuses the chat.</exception>
    public static RenderedChat Render(
        ChatTemplate template, string? bosText, string? eosText, IReadOnlyList<JsonObject> messages, IReadOnlyList<JsonNode>? tools = null, bool forAnswer = true) =>
        template.Render(new ChatTemplateInput { Messages = messages, Tools = tools, AddGenerationPrompt = forAnswer, BosToken = bosText, EosToken = eosText });

    public static int[] Encode(ChatTokenizer tokenizer, RenderedChat chat) => [.. tokenizer.Encode(chat.Text, chat.Trusted).Select(token => token.Id)];
}

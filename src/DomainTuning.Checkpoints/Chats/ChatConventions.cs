using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Chats;

/// <summary>
/// How a model holds a chat, read from its own files: the tokenizer, the template that writes a prompt, and the tokens that end a turn.
/// The one place that reads them, so that what is trained, served and scored is the same. Thread-safe.
/// </summary>
public sealed record ChatConventions
{
    /// <summary>Names under which families end a turn, whatever else their files say.</summary>
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>"];

    public required ChatTokenizer Tokenizer { get; init; }

    /// <summary>Writes prompts; the one called "default" where the model has several.</summary>
    public required ChatTemplate Template { get; init; }

    /// <summary>The text of <see cref="Template"/>, whose hash travels with an adapter.</summary>
    public required string TemplateText { get; init; }

    /// <summary>Writes prompts with tools where the model has a template of its own for them ("tool_use"); otherwise <see cref="Template"/> does. Default null.</summary>
    public ChatTemplate? ToolTemplate { get; init; }

    /// <summary>Ids that end an answer. Never empty.</summary>
    public required IReadOnlySet<int> StopTokens { get; init; }

    /// <summary>The text of the token that begins a text, for the template's bos_token. Null: the model has none.</summary>
    public string? BosText { get; init; }

    /// <summary>The text of the token that ends a text, for the template's eos_token. Null: the model has none.</summary>
    public string? EosText { get; init; }

    /// <summary>Reads what a GGUF file says of chatting.</summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported; the message names it.</exception>
    public static ChatConventions FromGguf(GgufFile file) => GgufChat.Read(file);

    /// <summary>
    /// Reads what a folder as Hugging Face repositories ship it says of chatting: tokenizer.json or tokenizer.model, tokenizer_config.json,
    /// special_tokens_map.json, chat_template.jinja or .json, generation_config.json and config.json.
    /// </summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported; the message names it.</exception>
    public static ChatConventions FromFolder(string folder) => FolderChat.Read(folder);

    /// <summary>Puts the parts together.</summary>
    /// <param name="where">For messages: the file or folder.</param>
    /// <param name="templates">By name; "default" is needed.</param>
    /// <param name="stops">Ids that the files name.</param>
    internal static ChatConventions Of(
        string where, ChatTokenizer tokenizer, IReadOnlyDictionary<string, string> templates, IEnumerable<int?> stops, string? bosText, string? eosText)
    {
        if (templates.Count == 0)
            throw new CheckpointException($"'{where}' has no chat template: it is a base model. Choose its instruction-tuned variant.");
        if (!templates.TryGetValue("default", out var text))
            throw new CheckpointException($"'{where}' has chat templates called {string.Join(", ", templates.Keys)}, but none called 'default'. Name one of them 'default', or use another file of the model.");

        HashSet<int> ends = [.. stops.Concat(TurnEnds.Select(tokenizer.ControlToken)).OfType<int>().Where(id => id >= 0 && id < tokenizer.VocabularySize)];
        if (ends.Count == 0)
            throw new CheckpointException($"'{where}' names no token that ends an answer (eos_token_id), and has none of {string.Join(", ", TurnEnds)}. Use another file of the model.");
        return new ChatConventions
        {
            Tokenizer = tokenizer,
            Template = Parse(where, text),
            TemplateText = text,
            ToolTemplate = templates.TryGetValue("tool_use", out var tools) ? Parse(where, tools) : null,
            StopTokens = ends,
            BosText = bosText,
            EosText = eosText,
        };
    }

    private static ChatTemplate Parse(string where, string text)
    {
        try
        {
            return ChatTemplate.Parse(text);
        }
        catch (TemplateException error)
        {
            throw new CheckpointException($"'{where}' cannot be used for chat: its template cannot be read. {error.Message}", error);
        }
    }
}

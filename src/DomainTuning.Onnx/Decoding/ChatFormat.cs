using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Decoding.Tools;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>How a chat becomes token ids for one model, and which ids end its turn. Control tokens come from the model's own template alone: text of any message that looks like one stays text.</summary>
internal sealed class ChatFormat(ChatTokenizer tokenizer, ChatTemplate template, IReadOnlySet<int> stopTokens, string? beginToken, string? endToken)
{
    private readonly Lazy<ToolForm?> toolForm = new(() => ToolForm.Recognise(template.Source));
    private readonly Lazy<string> tokenizerSha256 = new(tokenizer.Fingerprint);
    private readonly Lazy<AnswerGrammars> grammars = new(() => new AnswerGrammars(tokenizer, FormOrNull(template)));

    public ChatTokenizer Tokenizer => tokenizer;

    public IReadOnlySet<int> StopTokens => stopTokens;

    public string TemplateSha256 => template.Sha256;

    /// <summary>Only adapters ask for it, so it is made when the first does.</summary>
    public string TokenizerSha256 => tokenizerSha256.Value;

    /// <summary>Reads tokenizer, template and special ids of a GGUF file.</summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported.</exception>
    public static ChatFormat Read(GgufFile file) => Of(ChatConventions.FromGguf(file));

    /// <summary>Reads tokenizer, template and special ids of a Hugging Face folder.</summary>
    /// <exception cref="CheckpointException">Something is missing or of a kind that is not supported.</exception>
    public static ChatFormat Read(string folder) => Of(ChatConventions.FromFolder(folder));

    public static ChatFormat Of(ChatConventions chat) => new(chat.Tokenizer, chat.Template, chat.StopTokens, chat.BosText, chat.EosText);

    /// <summary>The ids of a prompt that ends where the assistant begins.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="functions">Functions that the model may call.</param>
    /// <exception cref="TemplateException">The template refuses the chat.</exception>
    /// <exception cref="NotSupportedException">A message holds something that is not supported, or the template has no place for functions.</exception>
    public int[] Encode(IEnumerable<ChatMessage> messages, IReadOnlyList<AIFunctionDeclaration>? functions = null)
    {
        var offers = functions is { Count: > 0 };
        if (offers && toolForm.Value is null)
            throw new NotSupportedException("ChatOptions.Tools is set, but the model's chat template has no place for tools. Leave it empty, or choose a model that was trained to call functions.");
        return ChatPrompt.Encode(tokenizer, ChatPrompt.Render(
            template, beginToken, endToken, TemplateMessages.Read(messages, FormOrNull(template)), offers ? [.. functions!.Select(TemplateMessages.Tool)] : null));
    }

    /// <summary>How the answer to a request is drawn: its own options, with what holds it to a format and notes its probabilities.</summary>
    /// <exception cref="NotSupportedException">A schema cannot be followed.</exception>
    public SamplingOptions Sampling(ChatRequest request) => request.Sampling with
    {
        Constraint = grammars.Value.Constrain(request, stopTokens),
        Drawn = request.LogProbabilities is { } top ? new DrawnTokens(top) : null,
    };

    /// <summary>What reads the answer to a request.</summary>
    public AnswerParser Parser(ChatRequest request) =>
        new(tokenizer, request.Functions.Count > 0 ? toolForm.Value : null, [.. request.Functions.Select(function => function.Name)], request.StopSequences);

    /// <summary>A template whose form of calls is not read is good for everything else.</summary>
    private static ToolForm? FormOrNull(ChatTemplate template)
    {
        try
        {
            return ToolForm.Recognise(template.Source);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}

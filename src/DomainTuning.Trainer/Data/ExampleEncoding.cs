using System.Globalization;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Data;

/// <summary>
/// Examples as ids, with serving's own tokenizer and template. The prompt is encoded alone, as the engine does it, so an answer's first token never
/// melts into it; then comes what the template writes for the answer, up to the first token that ends a turn.
/// </summary>
/// <param name="contextTokens">The longest sequence that the model was made for.</param>
internal sealed class ExampleEncoding(ChatConventions chat, int contextTokens = int.MaxValue)
{
    /// <summary>What carries loss, in words, for the adapter's card.</summary>
    public const string LossMask = "the last assistant message and the token that ends it";

    /// <summary>How many of the longest examples a refusal names.</summary>
    private const int Named = 3;

    public static ChatConventions Conventions(DecoderCheckpoint checkpoint) =>
        checkpoint.Gguf is { } gguf ? ChatConventions.FromGguf(gguf) : ChatConventions.FromFolder(checkpoint.Path);

    /// <summary>Encodes all, none longer than the recipe says.</summary>
    /// <param name="dropped">How many were left out because they are longer, which only happens where the recipe says so.</param>
    /// <exception cref="TrainingException">An example is too long or no chat that ends with an answer.</exception>
    public IReadOnlyList<EncodedExample> Encode(IReadOnlyList<TrainingExample> examples, ScheduleRecipe schedule, out int dropped, CancellationToken cancellationToken = default)
    {
        var encoded = new List<EncodedExample>(examples.Count);
        foreach (var example in examples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            encoded.Add(Encode(example));
        }

        var (limit, name) = contextTokens < schedule.MaxTokens ? (contextTokens, "the context of the base model") : (schedule.MaxTokens, "schedule.max_tokens");
        var longer = encoded.Where(example => example.Ids.Count > limit).OrderByDescending(example => example.Ids.Count).ToList();
        dropped = longer.Count;
        if (longer.Count == 0) return encoded;
        if (!schedule.DropLonger)
            throw new TrainingException(string.Create(
                CultureInfo.InvariantCulture,
                $"{longer.Count} of {encoded.Count} examples are longer than {name}, which is {limit}: {string.Join(", ", longer.Take(Named).Select(example => $"'{example.Id}' has {example.Ids.Count}"))}{(longer.Count > Named ? ", …" : "")}. {(limit == schedule.MaxTokens ? "Raise schedule.max_tokens (memory grows with it), show" : "Show")} fewer passages, or set schedule.drop_longer to leave them out."));
        return [.. encoded.Where(example => example.Ids.Count <= limit)];
    }

    /// <exception cref="TrainingException">It is no chat that ends with an answer, or the template refuses it.</exception>
    public EncodedExample Encode(TrainingExample example)
    {
        ExampleMessage[] messages = [.. example.Messages];
        if (messages is not [.. { Length: > 0 } before, { Role: "assistant" } answer])
            throw Refusal(example, "its last message is not the assistant's, or it has no other");
        if (string.IsNullOrWhiteSpace(answer.Content)) throw Refusal(example, "its answer is empty");
        try
        {
            var prompt = Render(before, forAnswer: true);
            var whole = Render(messages, forAnswer: false);
            if (!whole.Text.StartsWith(prompt.Text, StringComparison.Ordinal))
                throw Refusal(example, "the chat template writes the conversation before an answer otherwise than where it asks for one");
            var promptIds = ChatPrompt.Encode(chat.Tokenizer, prompt);
            var answerIds = UpToTheEnd(AnswerIds(whole, prompt.Text.Length, promptIds));
            return new EncodedExample(example.Id, [.. promptIds, .. answerIds], promptIds.Length);
        }
        catch (TemplateException error)
        {
            throw new TrainingException($"The example '{example.Id}' cannot be used: the model's chat template refuses it. {error.Message}", error);
        }
    }

    /// <summary>The ids of a prompt that ends where the assistant begins.</summary>
    public int[] Prompt(IReadOnlyList<ExampleMessage> messages) => ChatPrompt.Encode(chat.Tokenizer, Render(messages, forAnswer: true));

    private RenderedChat Render(IReadOnlyList<ExampleMessage> messages, bool forAnswer) => ChatPrompt.Render(
        chat.Template, chat.BosText, chat.EosText, [.. messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })], null, forAnswer);

    private int[] AnswerIds(RenderedChat whole, int promptLength, int[] promptIds)
    {
        var all = ChatPrompt.Encode(chat.Tokenizer, whole);
        if (all.AsSpan().StartsWith(promptIds)) return all[promptIds.Length..];
        // The answer's first letters would have joined the prompt's last token; the engine's prompt ends before them.
        IReadOnlyList<Range> trusted = [.. whole.Trusted.Where(range => range.End.Value > promptLength).Select(range => Math.Max(0, range.Start.Value - promptLength)..(range.End.Value - promptLength))];
        return ChatPrompt.Encode(chat.Tokenizer, new RenderedChat(whole.Text[promptLength..], trusted, []));
    }

    /// <summary>What follows the end of a turn (a line break in many templates) is never asked of a model.</summary>
    private List<int> UpToTheEnd(int[] ids)
    {
        var answer = ids.TakeWhile(id => !chat.StopTokens.Contains(id)).ToList();
        answer.Add(answer.Count < ids.Length ? ids[answer.Count] : EndToken()); // a template that writes no end leaves it to the model
        return answer;
    }

    private int EndToken() => chat.EosText is { } text && chat.Tokenizer.ControlToken(text) is { } id ? id : chat.StopTokens.Min();

    private static TrainingException Refusal(TrainingExample example, string what) =>
        new($"The example '{example.Id}' cannot be used: {what}. Expected are messages of system, user and assistant that end with the assistant's answer.");
}

using System.Runtime.CompilerServices;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;

namespace DomainTuning.Answering;

/// <summary>A chat model behind Semantic Kernel, asked through the prompt files and within its context: passages and history give way, instructions and question never.</summary>
internal sealed class AnsweringModel
{
    /// <summary>Left for what the chat template writes around two messages.</summary>
    private const int TemplateTokens = 48;

    /// <summary>Most that a rewritten question may take; a longer one is no question.</summary>
    private const int RewrittenTokens = 64;

    private readonly Kernel kernel;
    private readonly ModelLimits limits;
    private readonly AnsweringOptions options;

    public AnsweringModel(IChatClient model, AnsweringOptions options)
    {
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton(model);
        kernel = builder.Build();
        limits = ModelLimits.Of(model, options.ContextTokens);
        this.options = options;
    }

    /// <summary>The model's sentences as they complete. One that was cut off by the token limit is not a sentence.</summary>
    public async IAsyncEnumerable<string> SentencesAsync(
        string question, IReadOnlyList<RankedChunk> passages, TokenUsage usage, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var room = Room(PromptFile.Answer, question);
        var values = new Dictionary<string, string>
        {
            ["passages"] = PromptPassages.Write(passages, Math.Min(room, options.PassageTokens), limits.CountTokens),
            ["question"] = question,
        };

        var (text, cutOff) = (new StringBuilder(), false);
        await foreach (var update in PromptFile.Answer.StreamAsync(kernel, values, options.Temperature, options.MaxOutputTokens, options.Sampling, cancellationToken).ConfigureAwait(false))
        {
            Count(update, usage);
            cutOff |= update.FinishReason == ChatFinishReason.Length;
            text.Append(update.Text);
            foreach (var sentence in TakeComplete(text)) yield return sentence;
        }

        var rest = text.ToString();
        foreach (var range in Sentences.Split(rest))
            if (!cutOff || range.End.Value < rest.TrimEnd().Length || rest[range][^1] is '.' or '!' or '?' or '。' or '！' or '？')
                yield return rest[range];
    }

    /// <summary>The last question in the model's words, or null when it wrote none.</summary>
    public async Task<string?> RewriteAsync(IReadOnlyList<ChatMessage> conversation, TokenUsage usage, CancellationToken cancellationToken)
    {
        var question = conversation[^1].Text.Trim();
        var values = new Dictionary<string, string> { ["history"] = History(conversation, Room(PromptFile.Standalone, question)), ["question"] = question };
        var text = new StringBuilder();
        await foreach (var update in PromptFile.Standalone.StreamAsync(kernel, values, 0, RewrittenTokens, new AnswerSampling(), cancellationToken).ConfigureAwait(false))
        {
            Count(update, usage);
            text.Append(update.Text);
        }

        var line = text.ToString().Trim().Split('\n')[0].Trim().Trim('"', '“', '”');
        line = Patterns.Label().Replace(line, "");
        return line.Length == 0 ? null : line;
    }

    private int Room(PromptFile prompt, string question)
    {
        var room = limits.ContextTokens - options.MaxOutputTokens - TemplateTokens - limits.CountTokens(prompt.Template) - limits.CountTokens(question);
        return room >= 0
            ? room
            : throw new ArgumentException(
                $"The question is {limits.CountTokens(question)} tokens long; the model's context of {limits.ContextTokens} leaves {room + limits.CountTokens(question)} for it. Ask a shorter question or use a model with a larger context.");
    }

    /// <summary>The turns before the question, newest kept: what does not fit goes, oldest first.</summary>
    private string History(IReadOnlyList<ChatMessage> conversation, int budget)
    {
        var turns = new LinkedList<string>();
        foreach (var message in conversation.SkipLast(1).Reverse())
        {
            if (message.Role != ChatRole.User && message.Role != ChatRole.Assistant) continue;
            var turn = $"{(message.Role == ChatRole.User ? "User" : "Assistant")}: {message.Text.Trim()}\n";
            budget -= limits.CountTokens(turn);
            if (budget < 0) break;
            turns.AddFirst(turn);
        }

        return string.Concat(turns).TrimEnd();
    }

    private static IEnumerable<string> TakeComplete(StringBuilder text)
    {
        var written = text.ToString();
        var sentences = Sentences.Split(written);
        if (sentences.Count < 2) yield break;
        for (var i = 0; i < sentences.Count - 1; i++) yield return written[sentences[i]];
        text.Remove(0, sentences[^1].Start.Value);
    }

    private static void Count(ChatResponseUpdate update, TokenUsage usage)
    {
        foreach (var content in update.Contents.OfType<UsageContent>()) usage.Add(content.Details);
    }
}

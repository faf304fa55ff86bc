using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DomainTuning.Answering;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Tests;

/// <summary>A chat client that answers by a rule and remembers what it was asked. Safe for several questions at once.</summary>
internal sealed class ScriptedModel(Func<string, string> answer) : IChatClient
{
    public ConcurrentQueue<string> Prompts { get; } = [];

    public ConcurrentQueue<ChatOptions?> Options { get; } = [];

    /// <summary>How likely it holds a text after a prompt, 0 to 1; null: it gives no probabilities.</summary>
    public Func<string, string, double>? Probability { get; init; }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        var prompt = messages.Last().Text;
        Prompts.Enqueue(prompt);
        Options.Enqueue(options);
        yield return new ChatResponseUpdate(ChatRole.Assistant, answer(prompt));
        yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 100, OutputTokenCount = 7 })]) { FinishReason = ChatFinishReason.Stop };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ModelLimits) ? new ModelLimits(2048, text => text.Split(' ').Length)
        : serviceType == typeof(TextScorer) && Probability is not null ? new Scorer(Probability)
        : null;

    public void Dispose()
    {
    }

    private sealed class Scorer(Func<string, string, double> probability) : TextScorer
    {
        public override Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<TextScore>>([.. requests.Select(request => new TextScore([Math.Log(probability(request.Chat[^1].Text, request.Continuation))]))]);
    }
}

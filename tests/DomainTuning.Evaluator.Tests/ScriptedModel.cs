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

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ModelLimits) ? new ModelLimits(2048, text => text.Split(' ').Length) : null;

    public void Dispose()
    {
    }
}

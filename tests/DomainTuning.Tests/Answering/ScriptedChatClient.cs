using System.Runtime.CompilerServices;
using DomainTuning.Answering;
using Microsoft.Extensions.AI;

namespace DomainTuning.Tests.Answering;

/// <summary>A chat client that says what it is told, piece by piece, and remembers what it was asked. Each call takes the next reply; the last one is repeated.</summary>
internal sealed class ScriptedChatClient(params string[][] replies) : IChatClient
{
    public List<IReadOnlyList<ChatMessage>> Asked { get; } = [];

    public List<ChatOptions?> Options { get; } = [];

    public ModelLimits? Limits { get; init; }

    /// <summary>How likely texts are to it: natural logarithms; without any it gives no probabilities.</summary>
    public IReadOnlyDictionary<string, double> LogProbabilities { get; init; } = new Dictionary<string, double>();

    public ChatFinishReason Finish { get; init; } = ChatFinishReason.Stop;

    /// <summary>Awaited before every piece.</summary>
    public Func<CancellationToken, Task> BeforePiece { get; init; } = _ => Task.CompletedTask;

    public static ScriptedChatClient Saying(string text) => new([text]);

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var pieces = replies[Math.Min(Asked.Count, replies.Length - 1)];
        Asked.Add([.. messages]);
        Options.Add(options);
        foreach (var piece in pieces)
        {
            await BeforePiece(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, piece);
        }

        yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 100, OutputTokenCount = 7 })]) { FinishReason = Finish };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ModelLimits) ? Limits
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("scripted", null, "scripted")
        : serviceType == typeof(TextScorer) && LogProbabilities.Count > 0 ? new ScriptedScorer(LogProbabilities)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
    }

    private sealed class ScriptedScorer(IReadOnlyDictionary<string, double> logProbabilities) : TextScorer
    {
        public override Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<TextScore>>([.. requests.Select(request => new TextScore([logProbabilities[request.Continuation]]))]);
    }
}

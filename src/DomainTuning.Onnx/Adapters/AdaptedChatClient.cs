using DomainTuning.Answering;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Adapters;

/// <summary>A local chat model seen through one of its adapters. Disposing it leaves the model as it is.</summary>
internal sealed class AdaptedChatClient(OnnxChatClient client, string modelId) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        client.GetResponseAsync(messages, Named(options), cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        client.GetStreamingResponseAsync(messages, Named(options), cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("domaintuning", null, modelId)
        : serviceType == typeof(TextScorer) ? new AdaptedScorer((TextScorer)client.GetService(typeof(TextScorer))!, modelId)
        : serviceType.IsInstanceOfType(this) ? this
        : client.GetService(serviceType, serviceKey);

    public void Dispose()
    {
    }

    private ChatOptions Named(ChatOptions? options)
    {
        var named = options?.Clone() ?? new ChatOptions();
        named.ModelId ??= modelId;
        return named;
    }

    private sealed class AdaptedScorer(TextScorer scorer, string modelId) : TextScorer
    {
        public override Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default) =>
            scorer.ScoreAsync([.. requests.Select(request => request.ModelId is null ? request with { ModelId = modelId } : request)], cancellationToken);
    }
}

using System.Runtime.CompilerServices;
using DomainTuning.Answering;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using Microsoft.Extensions.AI;

namespace DomainTuning.Endpoints;

/// <summary>
/// A chat model on another server. <see cref="ChatOptions.ModelId"/> "id:adapter" asks the server for the model named "adapter", which is how vLLM and
/// llama-server offer adapters. All other options go to the server as they are. Thread-safe.
/// </summary>
public sealed class EndpointChatClient : IChatClient
{
    private readonly EndpointConnection connection;
    private readonly int? contextTokens;

    /// <exception cref="CheckpointException">The card names no endpoint.</exception>
    /// <exception cref="EndpointException">The key is missing, or the server is on another machine and that is forbidden.</exception>
    public EndpointChatClient(ModelCard card, EndpointOptions? options = null)
    {
        connection = new EndpointConnection(
            card.Id, card.Endpoint ?? throw new CheckpointException($"Model '{card.Id}' runs here; its card names no endpoint."), options ?? new EndpointOptions());
        contextTokens = card.ContextTokens;
    }

    /// <exception cref="EndpointException">The server did not answer; the message says why.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (model, forwarded) = Address(options);
        try
        {
            using var client = connection.Client.GetChatClient(model).AsIChatClient();
            return await client.GetResponseAsync(messages, forwarded, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (connection.Explain(error, model, cancellationToken) is var explained && !ReferenceEquals(explained, error))
        {
            throw explained;
        }
    }

    /// <exception cref="EndpointException">The server did not answer, or broke off; the message says why.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (model, forwarded) = Address(options);
        using var client = connection.Client.GetChatClient(model).AsIChatClient();
        var updates = client.GetStreamingResponseAsync(messages, forwarded, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var _ = updates.ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await updates.MoveNextAsync().ConfigureAwait(false)) yield break;
            }
            catch (Exception error) when (connection.Explain(error, model, cancellationToken) is var explained && !ReferenceEquals(explained, error))
            {
                throw explained;
            }

            yield return updates.Current;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ModelLimits) && contextTokens is { } context ? new ModelLimits(context, TokenEstimate.Of)
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai-compatible", connection.Endpoint.Url, connection.Id)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => connection.Dispose();

    /// <summary>The name to ask the server for, and the options without ours.</summary>
    private (string Model, ChatOptions? Forwarded) Address(ChatOptions? options)
    {
        if (options?.ModelId is not { } asked) return (connection.Endpoint.Model, options);
        var model = asked == connection.Id ? connection.Endpoint.Model
            : asked.StartsWith(connection.Id + ":", StringComparison.Ordinal) ? asked[(connection.Id.Length + 1)..]
            : throw new NotSupportedException($"ChatOptions.ModelId is '{asked}'; this client asks for '{connection.Id}' or '{connection.Id}:adapter'.");
        var forwarded = options.Clone();
        forwarded.ModelId = model;
        return (model, forwarded);
    }
}

using System.ClientModel;
using DomainTuning.Checkpoints.Library;
using Microsoft.Extensions.AI;

namespace DomainTuning.Endpoints;

/// <summary>What `models add http://…` needs to know.</summary>
/// <param name="Url">Up to and with the version: "http://127.0.0.1:11434/v1".</param>
/// <param name="Model">The name there; null asks the server, which must then offer exactly one.</param>
/// <param name="Kind">Chat or encoder.</param>
/// <param name="Id">Its name here; null makes one from the name there.</param>
/// <param name="KeyVariable">The environment variable that holds the key.</param>
/// <param name="ContextTokens">Chat: prompt and answer together, where known.</param>
/// <param name="MaxTokens">Encoders: longest input in tokens. Default 512.</param>
public sealed record EndpointRequest(
    Uri Url, string? Model = null, ModelKind Kind = ModelKind.Chat, string? Id = null, string? KeyVariable = null, int? ContextTokens = null, int? MaxTokens = null, string? QueryPrefix = null, string? PassagePrefix = null);

/// <summary>Tries a model on another server before it is added, so that a wrong address, name or key shows at once.</summary>
public static class EndpointSurvey
{
    /// <summary>Asks the model for one token, or the encoder for one vector, and returns the card to store.</summary>
    /// <exception cref="EndpointException">The server or the model does not answer; the message says why.</exception>
    public static async Task<ModelCard> ExamineAsync(EndpointRequest request, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new EndpointOptions();
        var model = request.Model ?? await OnlyModelAsync(request, options, cancellationToken).ConfigureAwait(false);
        var card = new ModelCard
        {
            Id = request.Id ?? ModelLibrary.ToId(model.Split('/')[^1].Replace(':', '-')),
            Kind = request.Kind,
            Architecture = "served elsewhere",
            Licence = "unknown",
            Source = $"{model} at {request.Url}",
            Endpoint = new ServedElsewhere(request.Url, model, request.KeyVariable),
        };
        if (request.Kind == ModelKind.Chat)
        {
            using var client = new EndpointChatClient(card, options);
            await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Say yes.")], new ChatOptions { MaxOutputTokens = 1 }, cancellationToken).ConfigureAwait(false);
            return card with { ContextTokens = request.ContextTokens };
        }

        if (request.Kind != ModelKind.Encoder)
            throw new EndpointException("Chat models and encoders can run on another server; rerankers run here. Leave --kind out, or say --kind encoder.");
        using var connection = new EndpointConnection(card.Id, card.Endpoint, options);
        var probe = await EndpointEmbedder.ProbeAsync(connection, cancellationToken).ConfigureAwait(false);
        return card with
        {
            Dimensions = probe.Length,
            Fingerprint = probe,
            MaxTokens = request.MaxTokens ?? 512,
            Pooling = "server",
            QueryPrefix = request.QueryPrefix,
            PassagePrefix = request.PassagePrefix,
        };
    }

    private static async Task<string> OnlyModelAsync(EndpointRequest request, EndpointOptions options, CancellationToken cancellationToken)
    {
        using var connection = new EndpointConnection(request.Id ?? "new model", new ServedElsewhere(request.Url, "models", request.KeyVariable), options);
        string[] names;
        try
        {
            ClientResult<OpenAI.Models.OpenAIModelCollection> offered = await connection.Client.GetOpenAIModelClient().GetModelsAsync(cancellationToken).ConfigureAwait(false);
            names = [.. offered.Value.Select(model => model.Id)];
        }
        catch (Exception error) when (connection.Explain(error, "models", cancellationToken) is var explained && !ReferenceEquals(explained, error))
        {
            throw explained;
        }

        return names.Length == 1
            ? names[0]
            : throw new EndpointException(
                $"The server at {request.Url} offers {names.Length} models{(names.Length == 0 ? "" : ": " + string.Join(", ", names.Take(20)) + (names.Length > 20 ? ", …" : ""))}. Name one: models add {request.Url}#NAME.");
    }
}

using System.Text.Json;
using DomainTuning.Arms;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/rerank, in the shape that Cohere, Jina and vLLM share: documents in the order in which they answer a query, with their scores.</summary>
internal static class RerankEndpoint
{
    private const int MostDocuments = 1000;

    public static async Task HandleAsync(HttpContext context, ArmCatalog arms)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var request = Parse(body.RootElement);
        var id = request.Model ?? arms.Settings.Reranker ?? throw new ApiException(404, $"No reranker is set. {Remedy(arms)}", "model", "model_not_found");
        if (id != ArmCatalog.Likelihood && !arms.Models.Any(card => card.Id == id && card.Kind == ModelKind.Reranker))
            throw new ApiException(404, $"There is no reranker '{id}'. {Remedy(arms)}", "model", "model_not_found");
        var reranker = await arms.RerankerAsync(id, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        var scores = await reranker.ScoreAsync(request.Query, request.Documents, context.RequestAborted).ConfigureAwait(false);
        var ranked = scores.Select((score, i) => new RankedBody(i, score, request.ReturnDocuments ? new RankedText(request.Documents[i]) : null)).OrderByDescending(entry => entry.RelevanceScore);
        await context.Response.WriteAsJsonAsync(
            new RerankBody("rerank-" + Guid.NewGuid().ToString("N"), id, [.. ranked.Take(request.Top ?? int.MaxValue)]), ApiJson.Default.RerankBody, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private sealed record RerankRequest(string? Model, string Query, List<string> Documents, int? Top, bool ReturnDocuments);

    private static RerankRequest Parse(JsonElement body)
    {
        var request = new RerankRequest(null, "", [], null, false);
        foreach (var (name, value) in body.Fields())
            request = name switch
            {
                "model" => request with { Model = value.Text(name) },
                "query" => request with { Query = value.Text(name) },
                "documents" => request with { Documents = Texts(value) },
                "top_n" => request with { Top = (int)value.Whole(name, 1, int.MaxValue) },
                "return_documents" => request with { ReturnDocuments = value.Truth(name) },
                _ => throw RequestFields.Unknown(name),
            };
        if (string.IsNullOrWhiteSpace(request.Query)) throw ApiException.BadRequest("'query' is missing.", "query");
        return request.Documents.Count is > 0 and <= MostDocuments ? request : throw ApiException.BadRequest($"'documents' takes 1 to {MostDocuments} texts; it has {request.Documents.Count}.", "documents");
    }

    private static List<string> Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(text => text.ValueKind == JsonValueKind.Object ? text.Required("text", "documents").Text("documents.text") : text.Text("documents"))]
        : throw ApiException.BadRequest("'documents' must be an array of texts.", "documents");

    private static string Remedy(ArmCatalog arms) =>
        $"Known are {string.Join(", ", arms.Models.Where(card => card.Kind == ModelKind.Reranker).Select(card => card.Id).Append(ArmCatalog.Likelihood))}: name one as 'model', or start the server with --reranker.";
}

internal sealed record RerankBody(string Id, string Model, IReadOnlyList<RankedBody> Results);

/// <param name="Index">Place of the document in the request, from 0.</param>
internal sealed record RankedBody(int Index, float RelevanceScore, RankedText? Document);

internal sealed record RankedText(string Text);

using DomainTuning.Arms;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Server.Api;

/// <summary>GET /v1/models and /v1/models/{id}: every arm, then the encoders and rerankers.</summary>
internal static class ModelEndpoint
{
    public static Task ListAsync(HttpContext context, ArmCatalog arms) =>
        context.Response.WriteAsJsonAsync(new ModelList("list", All(arms)), ApiJson.Default.ModelList);

    public static Task FindAsync(HttpContext context, ArmCatalog arms, string id) =>
        All(arms).FirstOrDefault(model => model.Id == id) is { } found
            ? context.Response.WriteAsJsonAsync(found, ApiJson.Default.ModelBody)
            : throw new ApiException(404, $"There is no model '{id}'. GET /v1/models lists the ids.", "model", "model_not_found");

    private static List<ModelBody> All(ArmCatalog arms) =>
    [
        .. arms.List().Select(arm => Body(arm.ToString(), "chat")),
        .. arms.Models.Where(card => card.Kind == ModelKind.Encoder).Select(card => Body(card.Id, "embedding")),
        .. arms.Models.Where(card => card.Kind == ModelKind.Reranker).Select(card => Body(card.Id, "rerank")),
    ];

    private static ModelBody Body(string id, string kind) => new(id, "model", 0, "domaintuning", kind);
}

internal sealed record ModelList(string Object, IReadOnlyList<ModelBody> Data);

/// <param name="Kind">What the id is for: "chat", "embedding" or "rerank".</param>
internal sealed record ModelBody(string Id, string Object, long Created, string OwnedBy, string Kind);

using System.Text.Json.Serialization;
using DomainTuning.Adapters;
using DomainTuning.Arms;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Server.Api;

/// <summary>GET /v1/adapters: the adapters of all chat models, with what their cards say. Looked up at every request: a training may just have finished.</summary>
internal static class AdapterEndpoint
{
    public static Task ListAsync(HttpContext context, ArmCatalog arms) => context.Response.WriteAsJsonAsync(
        new AdapterList("list", [.. arms.Models.Where(card => card.Kind == ModelKind.Chat).SelectMany(card => arms.Adapters(card.Id).All().Select(place => Body(card.Id, place)))]),
        AdapterJson.Default.AdapterList);

    private static AdapterBody Body(string model, AdapterPlace place)
    {
        try
        {
            var card = place.IsOnnxFile ? null : AdapterCard.Read(place.Path);
            return new AdapterBody($"{model}:{place.Name}", "adapter", place.Name, model, card?.Method, card?.Rank, card?.Corpus, card?.Steps, card?.Minutes, card?.PerplexityBefore, card?.PerplexityAfter,
                card?.GeneralPerplexityBefore, card?.GeneralPerplexityAfter, card?.Origin);
        }
        catch (AdapterException e)
        {
            return new AdapterBody($"{model}:{place.Name}", "adapter", place.Name, model, Problem: e.Message);
        }
    }
}

internal sealed record AdapterList(string Object, IReadOnlyList<AdapterBody> Data);

/// <param name="Model">The base.</param>
/// <param name="PerplexityBefore">Of held-out text under the base; what is not on the card is left out.</param>
/// <param name="Problem">Why its card cannot be read.</param>
internal sealed record AdapterBody(
    string Id, string Object, string Name, string Model, string? Method = null, int? Rank = null, string? Corpus = null, int? Steps = null, double? Minutes = null, double? PerplexityBefore = null,
    double? PerplexityAfter = null, double? GeneralPerplexityBefore = null, double? GeneralPerplexityAfter = null, string? Origin = null, string? Problem = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AdapterList))]
internal sealed partial class AdapterJson : JsonSerializerContext;

using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Arms;
using DomainTuning.Embeddings;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/embeddings (OpenAI API reference, "Create embeddings"). Beyond it, <c>input_type: "query"</c> puts the encoder's prefix for questions before the text.</summary>
internal static class EmbeddingEndpoint
{
    /// <summary>As with OpenAI.</summary>
    private const int MostTexts = 2048;

    public static async Task HandleAsync(HttpContext context, ArmCatalog arms)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var request = EmbeddingRequest.Parse(body.RootElement);
        var embedder = await arms.EmbedderAsync(request.Model, context.RequestAborted).ConfigureAwait(false);
        var identity = embedder.Identity;
        if (request.Dimensions is { } wanted && wanted != identity.Dimensions)
            throw ApiException.BadRequest($"'{identity.Id}' gives {identity.Dimensions} dimensions; {wanted} were asked for. Leave 'dimensions' out.", "dimensions");
        var tokens = Count(embedder, request);
        var vectors = request.IsQuery
            ? await QueriesAsync(embedder, request.Texts, context.RequestAborted).ConfigureAwait(false)
            : await embedder.EmbedPassagesAsync(request.Texts, context.RequestAborted).ConfigureAwait(false);
        var data = vectors.Select((vector, i) => new EmbeddingBody("embedding", i, request.IsBase64
            ? JsonSerializer.SerializeToElement(Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector)), FloatJson.Default.String)
            : JsonSerializer.SerializeToElement(vector, FloatJson.Default.SingleArray)));
        await context.Response.WriteAsJsonAsync(
            new EmbeddingList("list", [.. data], identity.Id, new EmbeddingUsage(tokens, tokens)), ApiJson.Default.EmbeddingList, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>All tokens of the request. A text that the encoder would cut is refused: its vector would stand for another text.</summary>
    private static int Count(Embedder embedder, EmbeddingRequest request)
    {
        const int Specials = 2;
        var identity = embedder.Identity;
        var prefix = embedder.CountTokens(request.IsQuery ? identity.QueryPrefix : identity.PassagePrefix) + Specials;
        var total = 0;
        for (var i = 0; i < request.Texts.Count; i++)
        {
            var tokens = embedder.CountTokens(request.Texts[i]);
            if (tokens + prefix > identity.MaxTokens)
                throw ApiException.BadRequest($"input[{i}] has {tokens} tokens; '{identity.Id}' reads {identity.MaxTokens - prefix}. Cut it into shorter texts.", "input");
            total += tokens;
        }

        return total;
    }

    private static async Task<IReadOnlyList<float[]>> QueriesAsync(Embedder embedder, List<string> texts, CancellationToken cancellationToken)
    {
        var vectors = new List<float[]>(texts.Count);
        foreach (var text in texts) vectors.Add(await embedder.EmbedQueryAsync(text, cancellationToken).ConfigureAwait(false));
        return vectors;
    }

    private sealed record EmbeddingRequest(string Model, List<string> Texts, bool IsBase64, int? Dimensions, bool IsQuery)
    {
        public static EmbeddingRequest Parse(JsonElement body)
        {
            var request = new EmbeddingRequest("", [], false, null, false);
            foreach (var (name, value) in body.Fields())
                request = name switch
                {
                    "model" => request with { Model = value.Text(name) },
                    "input" => request with { Texts = Inputs(value) },
                    "encoding_format" => request with { IsBase64 = OneOf(value, name, "float", "base64") == 1 },
                    "dimensions" => request with { Dimensions = (int)value.Whole(name, 1, int.MaxValue) },
                    "input_type" => request with { IsQuery = OneOf(value, name, "passage", "query") == 1 },
                    "user" => request,
                    _ => throw RequestFields.Unknown(name),
                };
            if (request.Model.Length == 0) throw ApiException.BadRequest("'model' is missing. GET /v1/models lists the ids; those of kind embedding fit.", "model");
            return request.Texts.Count > 0 ? request : throw ApiException.BadRequest("'input' is missing.", "input");
        }

        private static List<string> Inputs(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.Number or JsonValueKind.Array))
                throw ApiException.BadRequest("'input' holds token ids, which are another tokenizer's. Send texts.", "input");
            var texts = value.OneOrMoreTexts("input");
            return texts.Count is > 0 and <= MostTexts && texts.TrueForAll(text => text.Length > 0)
                ? texts
                : throw ApiException.BadRequest($"'input' takes 1 to {MostTexts} texts that are not empty; it has {texts.Count}.", "input");
        }

        private static int OneOf(JsonElement value, string name, params string[] known) =>
            Array.IndexOf(known, value.Text(name)) is >= 0 and var at ? at : throw ApiException.BadRequest($"'{name}' is '{value.GetString()}'; {string.Join(" or ", known)} is expected.", name);
    }
}

internal sealed record EmbeddingList(string Object, IReadOnlyList<EmbeddingBody> Data, string Model, EmbeddingUsage Usage);

/// <param name="Embedding">An array of numbers, or their little-endian bytes in base64.</param>
internal sealed record EmbeddingBody(string Object, int Index, JsonElement Embedding);

internal sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);

[JsonSerializable(typeof(float[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class FloatJson : JsonSerializerContext;

using System.Text.Json;

namespace DomainTuning.Server.Api;

/// <summary>Reads the fields of a request's JSON, each refused by its name when it is not what it must be.</summary>
internal static class RequestFields
{
    /// <summary>The whole body, which must be one JSON object.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        JsonDocument body;
        try
        {
            body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"The body is not valid JSON: {e.Message}");
        }

        if (body.RootElement.ValueKind == JsonValueKind.Object) return body;
        var kind = body.RootElement.ValueKind;
        body.Dispose();
        throw ApiException.BadRequest($"The body must be a JSON object; it is {kind}.");
    }

    /// <summary>The fields that are set: null is the same as leaving one out, as in OpenAI's interface.</summary>
    public static IEnumerable<(string Name, JsonElement Value)> Fields(this JsonElement body) =>
        body.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null).Select(property => (property.Name, property.Value));

    public static ApiException Unknown(string name) =>
        ApiException.BadRequest($"Parameter '{name}' with this value is not supported by this server. Leave it out.", name);

    public static List<string> Texts(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(text => text.Text(name))]
            : throw ApiException.BadRequest($"'{name}' must be an array of texts.", name);

    /// <summary>One text, or an array of them.</summary>
    public static List<string> OneOrMoreTexts(this JsonElement value, string name) => value.ValueKind == JsonValueKind.String ? [value.GetString()!] : value.Texts(name);

    public static string Text(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.BadRequest($"'{name}' must be a text; it is {value.ValueKind}.", name);

    public static bool Truth(this JsonElement value, string name) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw ApiException.BadRequest($"'{name}' must be true or false; it is {value.ValueKind}.", name);

    public static float Number(this JsonElement value, string name, float least, float most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && number >= least && number <= most
            ? number
            : throw ApiException.BadRequest(FormattableString.Invariant($"'{name}' must be a number from {least} to {most}."), name);

    public static long Whole(this JsonElement value, string name, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : throw ApiException.BadRequest($"'{name}' must be a whole number from {least} to {most}.", name);

    /// <summary>A field of an object that must be there.</summary>
    public static JsonElement Required(this JsonElement value, string field, string place) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out var inner) && inner.ValueKind != JsonValueKind.Null
            ? inner
            : throw ApiException.BadRequest($"'{place}' must be an object with '{field}'.", place);

    public static JsonElement? Optional(this JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out var inner) && inner.ValueKind != JsonValueKind.Null ? inner : null;
}

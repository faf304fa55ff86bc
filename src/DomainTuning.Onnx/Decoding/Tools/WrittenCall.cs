using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>A call as a model wrote it.</summary>
internal sealed record WrittenCall(string Name, JsonElement Arguments, string? Id = null)
{
    /// <summary>Letters of an id, and how many: what Mistral's templates demand and the others take.</summary>
    private const string IdLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    public const int IdLength = 9;

    /// <summary>With a new id where the model gave none.</summary>
    public FunctionCallContent ToContent() => new(
        Id is { Length: > 0 } ? Id : RandomNumberGenerator.GetString(IdLetters, IdLength),
        Name,
        Arguments.EnumerateObject().GroupBy(argument => argument.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => (object?)group.Last().Value, StringComparer.Ordinal));

    /// <summary>An id of the same length and letters for any other, always the same one.</summary>
    public static string ShortId(string id) => id.Length == IdLength && id.All(char.IsAsciiLetterOrDigit)
        ? id
        : string.Concat(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id)).Take(IdLength).Select(value => IdLetters[value % IdLetters.Length]));

    /// <summary>Reads {"name": …, "arguments" or "parameters": {…}}, also inside {"function": {…}}; null where it is not that.</summary>
    public static WrittenCall? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static WrittenCall? Read(JsonElement call)
    {
        if (call.ValueKind != JsonValueKind.Object) return null;
        var id = call.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (call.TryGetProperty("function", out var inner) && inner.ValueKind == JsonValueKind.Object) call = inner;
        if (!call.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String || name.GetString() is not { Length: > 0 } text) return null;
        var arguments = call.TryGetProperty("arguments", out var known) || call.TryGetProperty("parameters", out known) ? known : default;
        return ArgumentsOf(arguments) is { } read ? new WrittenCall(text, read, id) : null;
    }

    /// <summary>An object; text that holds one; an empty one where there is nothing.</summary>
    private static JsonElement? ArgumentsOf(JsonElement arguments)
    {
        switch (arguments.ValueKind)
        {
            case JsonValueKind.Object:
                return arguments.Clone();
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return JsonSerializer.SerializeToElement(new Dictionary<string, string>());
            case JsonValueKind.String:
                try
                {
                    using var document = JsonDocument.Parse(arguments.GetString()!);
                    return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
                }
                catch (JsonException)
                {
                    return null;
                }

            default:
                return null;
        }
    }
}

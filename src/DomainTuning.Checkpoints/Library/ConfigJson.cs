using System.Text.Json;

namespace DomainTuning.Checkpoints.Library;

/// <summary>A publisher's JSON object, read leniently where publishers differ (missing or null keys) and strictly where a wrong type would mislead.</summary>
internal sealed class ConfigJson
{
    private readonly JsonElement _root;

    private ConfigJson(JsonElement root, string where)
    {
        _root = root;
        Where = where;
    }

    public string Where { get; }

    public static ConfigJson Parse(string text, string where)
    {
        var root = ParseElement(text, where);
        return root.ValueKind == JsonValueKind.Object ? new ConfigJson(root, where) : throw Broken(where, $"it is a JSON {Kind(root)} instead of an object");
    }

    /// <summary>A list of objects.</summary>
    public static IReadOnlyList<ConfigJson> ParseList(string text, string where)
    {
        var root = ParseElement(text, where);
        return root.ValueKind == JsonValueKind.Array ? Objects(root, where) : throw Broken(where, $"it is a JSON {Kind(root)} instead of a list");
    }

    public bool Has(string key) => Value(key) is not null;

    public string? String(string key) => Value(key) is { } value ? Expect(key, value, JsonValueKind.String, "text").GetString() : null;

    public bool? Bool(string key) => Value(key) is { } value
        ? value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Mismatch(key, "true or false", value)
        : null;

    /// <summary>Whether the value says "not used": false or 0. A missing one does too.</summary>
    public bool IsFalseOrZero(string key) => Value(key) is not { } value || value.ValueKind == JsonValueKind.False || (value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0);

    /// <summary>A number. Read as a double because publishers write 1e30 for "no limit".</summary>
    public double? Number(string key) => Value(key) is { } value ? Expect(key, value, JsonValueKind.Number, "a number").GetDouble() : null;

    public int? Integer(string key) => Number(key) switch
    {
        null => null,
        >= int.MinValue and <= int.MaxValue and { } number when number == Math.Floor(number) => (int)number,
        _ => throw Mismatch(key, "a whole number", Value(key)!.Value),
    };

    public IReadOnlyList<string> Strings(string key) => Value(key) is { } value
        ? [.. Expect(key, value, JsonValueKind.Array, "a list").EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    public bool IsList(string key) => Value(key) is { ValueKind: JsonValueKind.Array };

    /// <summary>Text, or the first text of a list, or null: for descriptions that people write by hand.</summary>
    public string? StringOrFirst(string key) => Value(key) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Array } => Strings(key) is [var first, ..] ? first : null,
        _ => null,
    };

    /// <summary>Text, or a field of an object that publishers write in its place.</summary>
    public string? StringOrField(string key, string field) => Value(key) is { ValueKind: JsonValueKind.Object } ? Object(key)!.String(field) : String(key);

    /// <summary>A whole number or a list of them; empty when missing.</summary>
    public IReadOnlyList<int?> Integers(string key)
    {
        if (Value(key) is not { ValueKind: JsonValueKind.Array } list) return Integer(key) is { } one ? [one] : [];
        return [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) ? (int?)number : throw Mismatch(key, "whole numbers", item))];
    }

    public ConfigJson? Object(string key) => Value(key) is { } value ? new ConfigJson(Expect(key, value, JsonValueKind.Object, "an object"), $"{Where}: {key}") : null;

    public IReadOnlyList<ConfigJson> List(string key) => Value(key) is { } value ? Objects(Expect(key, value, JsonValueKind.Array, "a list"), $"{Where}: {key}") : [];

    /// <summary>Names of all keys.</summary>
    public IEnumerable<string> Keys => _root.EnumerateObject().Select(property => property.Name);

    private static JsonElement ParseElement(string text, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw Broken(where, error.Message.TrimEnd('.'), error);
        }
    }

    private static List<ConfigJson> Objects(JsonElement list, string where) =>
    [
        .. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object
            ? new ConfigJson(item, where)
            : throw Broken(where, $"its list holds a {Kind(item)} where an object is expected")),
    ];

    private JsonElement? Value(string key) =>
        _root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement Expect(string key, JsonElement value, JsonValueKind kind, string expected) =>
        value.ValueKind == kind ? value : throw Mismatch(key, expected, value);

    private CheckpointException Mismatch(string key, string expected, JsonElement value) => Broken(Where, $"\"{key}\" should be {expected}, but is a {Kind(value)}");

    private static string Kind(JsonElement value) => value.ValueKind.ToString().ToLowerInvariant();

    private static CheckpointException Broken(string where, string finding, Exception? inner = null) =>
        new($"{where} cannot be read: {finding}. Fetch the file again or correct it.", inner!);
}

using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>The keywords of one schema object that say something about the value itself, read into a case.</summary>
internal static class SchemaKeywords
{
    public static IReadOnlySet<string> Known { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "type", "enum", "const", "nullable", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
        "properties", "required", "additionalProperties", "minProperties", "maxProperties", "items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems",
    };

    public static SchemaCase Read(JsonElement schema, string pointer)
    {
        var known = new SchemaCase();
        foreach (var keyword in schema.EnumerateObject())
        {
            var (value, where) = (keyword.Value, SchemaReader.Child(pointer, keyword.Name));
            known = keyword.Name switch
            {
                "type" => known with { Types = Types(value, where) },
                "enum" when value.ValueKind == JsonValueKind.Array => known with { Values = [.. value.EnumerateArray()] },
                "enum" => throw SchemaReader.Malformed(where, "enum must be a list"),
                "const" => known with { Values = [value] },
                "minimum" => Above(known, Number(value, where), excluded: false),
                "maximum" => Below(known, Number(value, where), excluded: false),
                "exclusiveMinimum" when value.ValueKind is JsonValueKind.Number => Above(known, Number(value, where), excluded: true),
                "exclusiveMaximum" when value.ValueKind is JsonValueKind.Number => Below(known, Number(value, where), excluded: true),
                "exclusiveMinimum" when value.ValueKind is JsonValueKind.True => known with { ExcludesMinimum = true }, // draft 4
                "exclusiveMaximum" when value.ValueKind is JsonValueKind.True => known with { ExcludesMaximum = true },
                "multipleOf" => known with { Multiples = [Number(value, where)], Mentioned = known.Mentioned | JsonTypes.Number },
                "minLength" => known with { MinLength = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.String },
                "maxLength" => known with { MaxLength = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.String },
                "pattern" => known with { Patterns = [.. known.Patterns, (Text(value, where), where)], Mentioned = known.Mentioned | JsonTypes.String },
                "format" => Format(known, Text(value, where), where),
                "properties" => known with { Properties = Properties(value, where), Mentioned = known.Mentioned | JsonTypes.Object },
                "required" => known with { Required = Names(value, where), Mentioned = known.Mentioned | JsonTypes.Object },
                "additionalProperties" => known with { OtherProperties = [new Located(value, where)], Mentioned = known.Mentioned | JsonTypes.Object },
                "minProperties" => known with { MinProperties = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.Object },
                "maxProperties" => known with { MaxProperties = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.Object },
                "prefixItems" => known with { FirstItems = Items(value, where), Mentioned = known.Mentioned | JsonTypes.Array },
                "items" when value.ValueKind == JsonValueKind.Array => known with { FirstItems = Items(value, where), Mentioned = known.Mentioned | JsonTypes.Array }, // before 2020-12
                "items" => known with { OtherItems = [new Located(value, where)], Mentioned = known.Mentioned | JsonTypes.Array },
                "additionalItems" => known with { OtherItems = known.OtherItems ?? [new Located(value, where)], Mentioned = known.Mentioned | JsonTypes.Array },
                "minItems" => known with { MinItems = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.Array },
                "maxItems" => known with { MaxItems = SchemaReader.Count(value, where), Mentioned = known.Mentioned | JsonTypes.Array },
                "uniqueItems" when value.ValueKind == JsonValueKind.True =>
                    throw new NotSupportedException($"The JSON schema uses 'uniqueItems' at {where}, which an answer cannot be held to. Leave it out and check the answer instead."),
                _ => known,
            };
        }

        return known;
    }

    private static SchemaCase Above(SchemaCase known, decimal bound, bool excluded) =>
        (known.Minimum is { } other && other > bound ? known : known with { Minimum = bound, ExcludesMinimum = excluded || (known.ExcludesMinimum && (known.Minimum is null || known.Minimum == bound)) })
        with { Mentioned = known.Mentioned | JsonTypes.Number };

    private static SchemaCase Below(SchemaCase known, decimal bound, bool excluded) =>
        (known.Maximum is { } other && other < bound ? known : known with { Maximum = bound, ExcludesMaximum = excluded || (known.ExcludesMaximum && (known.Maximum is null || known.Maximum == bound)) })
        with { Mentioned = known.Mentioned | JsonTypes.Number };

    private static JsonTypes Types(JsonElement value, string pointer) => value.ValueKind switch
    {
        JsonValueKind.String => Type(value.GetString()!, pointer),
        JsonValueKind.Array => value.EnumerateArray().Aggregate(JsonTypes.None, (types, type) => types | Type(Text(type, pointer), pointer)),
        _ => throw SchemaReader.Malformed(pointer, "type must be a name or a list of names"),
    };

    private static JsonTypes Type(string name, string pointer) => name switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw SchemaReader.Malformed(pointer, $"there is no type '{name}'"),
    };

    private static SchemaCase Format(SchemaCase known, string format, string pointer) => format switch
    {
        "int32" => Below(Above(known, int.MinValue, excluded: false), int.MaxValue, excluded: false),
        "int64" => Below(Above(known, long.MinValue, excluded: false), long.MaxValue, excluded: false),
        "float" or "double" or "decimal" => known,
        _ => StringFormats.Pattern(format) is { } pattern
            ? known with { Patterns = [.. known.Patterns, (pattern, pointer)], Mentioned = known.Mentioned | JsonTypes.String }
            : throw new NotSupportedException($"The JSON schema asks for the format '{format}' at {pointer}; known are {string.Join(", ", StringFormats.Names)}. Leave it out, or give a pattern."),
    };

    private static List<(string, IReadOnlyList<Located>)> Properties(JsonElement value, string pointer) => value.ValueKind == JsonValueKind.Object
        ? [.. value.EnumerateObject().Select(property => (property.Name, (IReadOnlyList<Located>)[new Located(property.Value, SchemaReader.Child(pointer, property.Name))]))]
        : throw SchemaReader.Malformed(pointer, "properties must be an object");

    private static List<IReadOnlyList<Located>> Items(JsonElement value, string pointer) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select((item, i) => (IReadOnlyList<Located>)[new Located(item, $"{pointer}/{i}")])]
        : throw SchemaReader.Malformed(pointer, "it must be a list of schemas");

    private static List<string> Names(JsonElement value, string pointer) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(name => Text(name, pointer))],
        JsonValueKind.True or JsonValueKind.False => [], // draft 3, still written by hand
        _ => throw SchemaReader.Malformed(pointer, "required must be a list of names"),
    };

    private static string Text(JsonElement value, string pointer) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw SchemaReader.Malformed(pointer, "it must be a text");

    private static decimal Number(JsonElement value, string pointer) => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
        ? number
        : throw SchemaReader.Malformed(pointer, "it must be a number of at most 28 digits");
}

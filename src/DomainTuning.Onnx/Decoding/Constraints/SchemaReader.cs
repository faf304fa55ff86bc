using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// Reads JSON Schema (the keywords that drafts 4 to 2020-12 share) into cases. A keyword that cannot be honoured is refused by name and
/// JSON pointer; annotations (title, description, default, …) are passed over.
/// </summary>
internal sealed class SchemaReader(JsonElement root)
{
    /// <summary>Cases that one schema may have: combined alternatives multiply.</summary>
    private const int MostCases = 64;

    private const int MostCount = 1_000_000;

    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "example", "examples", "$schema", "$id", "id", "$comment", "$defs", "definitions", "readOnly", "writeOnly", "deprecated", "discriminator", "strict",
    };

    private readonly HashSet<string> open = new(StringComparer.Ordinal);

    /// <summary>The cases of a value that satisfies all of these schemas; none: there is no such value.</summary>
    /// <exception cref="NotSupportedException">A keyword is not supported.</exception>
    /// <exception cref="ArgumentException">A schema is not well-formed.</exception>
    public IReadOnlyList<SchemaCase> Cases(IReadOnlyList<Located> schemas)
    {
        IReadOnlyList<SchemaCase> cases = [new SchemaCase()];
        foreach (var schema in schemas) cases = Cross(cases, Cases(schema), schema.Pointer);
        return cases;
    }

    private List<SchemaCase> Cases(Located at)
    {
        var (schema, pointer) = at;
        if (schema.ValueKind == JsonValueKind.True) return [new SchemaCase()];
        if (schema.ValueKind == JsonValueKind.False) return [];
        if (schema.ValueKind != JsonValueKind.Object) throw Malformed(pointer, "a schema must be an object, true or false");
        if (!open.Add(pointer)) throw new NotSupportedException($"The JSON schema at {pointer} leads back to itself with nothing between. Put the reference into a property or an item.");
        try
        {
            List<SchemaCase> cases = [SchemaKeywords.Read(schema, pointer)];
            foreach (var keyword in schema.EnumerateObject())
            {
                var where = Child(pointer, keyword.Name);
                switch (keyword.Name)
                {
                    case "$ref":
                        cases = Cross(cases, Cases(Resolve(keyword.Value, where)), where);
                        break;
                    case "allOf":
                        foreach (var part in Parts(keyword.Value, where)) cases = Cross(cases, Cases(part), part.Pointer);
                        break;
                    case "anyOf":
                        cases = [.. Parts(keyword.Value, where).SelectMany(part => Cross(cases, Cases(part), part.Pointer))];
                        break;
                    case "oneOf":
                        cases = OneOf(cases, [.. Parts(keyword.Value, where)], where);
                        break;
                    default:
                        if (!SchemaKeywords.Known.Contains(keyword.Name) && !Annotations.Contains(keyword.Name) && !keyword.Name.StartsWith("x-", StringComparison.Ordinal))
                            throw new NotSupportedException($"The JSON schema uses '{keyword.Name}' at {where}, which an answer cannot be held to. Leave it out and check the answer instead.");
                        break;
                }

                if (cases.Count > MostCases)
                    throw new NotSupportedException($"The JSON schema at {where} has more than {MostCases} combinations of alternatives. Combine fewer anyOf, oneOf and allOf at one place.");
            }

            return schema.TryGetProperty("nullable", out var nullable) && nullable.ValueKind == JsonValueKind.True ? [.. cases, new SchemaCase { Types = JsonTypes.Null }] : cases;
        }
        finally
        {
            open.Remove(pointer);
        }
    }

    /// <summary>An answer is made by one alternative; that no other holds too must be plain from the schema.</summary>
    private List<SchemaCase> OneOf(List<SchemaCase> cases, List<Located> parts, string pointer)
    {
        var branches = parts.ConvertAll(part => Cross(cases, Cases(part), part.Pointer));
        for (var i = 0; i < branches.Count; i++)
            for (var j = 0; j < i; j++)
                if (branches[i].Any(one => branches[j].Any(other => !new SchemaDifference(Cases).AreApart(one, other))))
                    throw new NotSupportedException(
                        $"The JSON schema's alternatives {j} and {i} at {pointer} may both hold for one value, and an answer cannot be held to exactly one. Give them a property with different constants, or use anyOf.");
        return [.. branches.SelectMany(branch => branch)];
    }

    private Located Resolve(JsonElement reference, string where)
    {
        var text = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : throw Malformed(where, "$ref must be a text");
        if (text != "#" && !text.StartsWith("#/", StringComparison.Ordinal))
            throw new NotSupportedException($"The JSON schema refers to '{text}' at {where}; only references within the schema (#/…) can be followed. Put what it names under $defs.");
        var at = root;
        foreach (var part in text[1..].Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var next) ? next
                : at.ValueKind == JsonValueKind.Array && int.TryParse(name, out var index) && index >= 0 && index < at.GetArrayLength() ? at[index]
                : throw Malformed(where, $"there is nothing at '{text}'");
            at = found;
        }

        return new Located(at, text);
    }

    private static IEnumerable<Located> Parts(JsonElement list, string pointer)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) throw Malformed(pointer, "it must be a list of schemas");
        return list.EnumerateArray().Select((part, i) => new Located(part, Child(pointer, i.ToString(System.Globalization.CultureInfo.InvariantCulture))));
    }

    private static List<SchemaCase> Cross(IReadOnlyList<SchemaCase> cases, List<SchemaCase> others, string pointer) =>
        cases.Count * others.Count > MostCases
            ? throw new NotSupportedException($"The JSON schema at {pointer} has more than {MostCases} combinations of alternatives. Combine fewer anyOf, oneOf and allOf at one place.")
            : [.. cases.SelectMany(one => others.Select(one.With)).OfType<SchemaCase>()];

    /// <summary>The JSON pointer of a member.</summary>
    internal static string Child(string pointer, string name) =>
        $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    internal static ArgumentException Malformed(string pointer, string what) => new($"The JSON schema is not well-formed at {pointer}: {what}.");

    internal static int Count(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= 0 && number == decimal.Floor(number)
            ? (int)Math.Min(number, MostCount)
            : throw Malformed(pointer, "it must be a whole number, 0 or more");
}

using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>The types of JSON values; a number that is no integer is a type of its own, so that types can be intersected.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    Number = Integer | Fraction,
    String = 16,
    Array = 32,
    Object = 64,
    Any = 127,
}

/// <summary>A schema and where it stands.</summary>
internal sealed record Located(JsonElement Schema, string Pointer);

/// <summary>
/// What a value must be in one case of a schema: all its keywords, with allOf and $ref merged in and anyOf and oneOf resolved into one case each.
/// Schemas of parts are lists, all of which hold.
/// </summary>
internal sealed record SchemaCase
{
    public JsonTypes Types { get; init; } = JsonTypes.Any;

    /// <summary>enum and const; null: any value.</summary>
    public IReadOnlyList<JsonElement>? Values { get; init; }

    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public bool ExcludesMinimum { get; init; }

    public bool ExcludesMaximum { get; init; }

    public IReadOnlyList<decimal> Multiples { get; init; } = [];

    public int MinLength { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>Patterns, formats among them.</summary>
    public IReadOnlyList<(string Pattern, string Pointer)> Patterns { get; init; } = [];

    public IReadOnlyList<(string Name, IReadOnlyList<Located> Schemas)> Properties { get; init; } = [];

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>additionalProperties; null: not said.</summary>
    public IReadOnlyList<Located>? OtherProperties { get; init; }

    public int MinProperties { get; init; }

    public int? MaxProperties { get; init; }

    public IReadOnlyList<IReadOnlyList<Located>> FirstItems { get; init; } = [];

    /// <summary>items; null: not said.</summary>
    public IReadOnlyList<Located>? OtherItems { get; init; }

    public int MinItems { get; init; }

    public int? MaxItems { get; init; }

    /// <summary>The keywords say something about these types alone.</summary>
    public JsonTypes Mentioned { get; init; }

    /// <summary>What both ask for, or null where no value can satisfy both by its type.</summary>
    public SchemaCase? With(SchemaCase other)
    {
        if ((Types & other.Types) == JsonTypes.None) return null;
        var (low, lowExcluded) = Tighter(Minimum, ExcludesMinimum, other.Minimum, other.ExcludesMinimum, sign: 1);
        var (high, highExcluded) = Tighter(Maximum, ExcludesMaximum, other.Maximum, other.ExcludesMaximum, sign: -1);
        return new SchemaCase
        {
            Types = Types & other.Types,
            Values = Values is null ? other.Values : other.Values is null ? Values : [.. Values.Where(value => other.Values.Any(allowed => JsonElement.DeepEquals(value, allowed)))],
            Minimum = low,
            ExcludesMinimum = lowExcluded,
            Maximum = high,
            ExcludesMaximum = highExcluded,
            Multiples = [.. Multiples, .. other.Multiples],
            MinLength = Math.Max(MinLength, other.MinLength),
            MaxLength = Least(MaxLength, other.MaxLength),
            Patterns = [.. Patterns, .. other.Patterns],
            Properties = [.. Properties.Select(property => property.Name).Union(other.Properties.Select(property => property.Name), StringComparer.Ordinal)
                .Select(name => (name, (IReadOnlyList<Located>)[.. OfProperty(name) ?? [], .. other.OfProperty(name) ?? []]))],
            Required = [.. Required.Union(other.Required, StringComparer.Ordinal)],
            OtherProperties = Joined(OtherProperties, other.OtherProperties),
            MinProperties = Math.Max(MinProperties, other.MinProperties),
            MaxProperties = Least(MaxProperties, other.MaxProperties),
            FirstItems = [.. Enumerable.Range(0, Math.Max(FirstItems.Count, other.FirstItems.Count)).Select(i => (IReadOnlyList<Located>)[.. OfItem(i) ?? [], .. other.OfItem(i) ?? []])],
            OtherItems = Joined(OtherItems, other.OtherItems),
            MinItems = Math.Max(MinItems, other.MinItems),
            MaxItems = Least(MaxItems, other.MaxItems),
            Mentioned = Mentioned | other.Mentioned,
        };
    }

    /// <summary>The schemas that a property of this name must satisfy, or null where nothing is said about it.</summary>
    public IReadOnlyList<Located>? OfProperty(string name)
    {
        foreach (var property in Properties)
            if (property.Name == name) return property.Schemas;
        return OtherProperties;
    }

    private IReadOnlyList<Located>? OfItem(int index) => index < FirstItems.Count ? FirstItems[index] : OtherItems;

    private static IReadOnlyList<Located>? Joined(IReadOnlyList<Located>? one, IReadOnlyList<Located>? other) => one is null ? other : other is null ? one : [.. one, .. other];

    private static int? Least(int? one, int? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    private static (decimal? Bound, bool Excluded) Tighter(decimal? one, bool oneExcluded, decimal? other, bool otherExcluded, int sign)
    {
        if (one is null || other is null) return one is null ? (other, otherExcluded) : (one, oneExcluded);
        var order = sign * decimal.Compare(one.Value, other.Value);
        return order > 0 ? (one, oneExcluded) : order < 0 ? (other, otherExcluded) : (one, oneExcluded || otherExcluded);
    }
}

using System.Text.Json;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>Whether no value can satisfy two cases, as far as that is plain: by types, constants, ranges, or a property that tells objects apart.</summary>
/// <param name="read">Reads the cases of a property.</param>
internal sealed class SchemaDifference(Func<IReadOnlyList<Located>, IReadOnlyList<SchemaCase>> read)
{
    private const int MostDepth = 3;

    public bool AreApart(SchemaCase one, SchemaCase other, int depth = 0)
    {
        var types = TypesOf(one) & TypesOf(other);
        if (types == JsonTypes.None) return true;
        if (one.Values is not null && other.Values is not null) return !one.Values.Any(value => other.Values.Any(same => JsonElement.DeepEquals(value, same)));
        if ((types & ~JsonTypes.Number) == JsonTypes.None) return LiesBelow(one, other) || LiesBelow(other, one);
        if (types != JsonTypes.Object || depth == MostDepth) return false;
        return one.Required.Any(name => TellsApart(name, one, other, depth)) || other.Required.Any(name => TellsApart(name, other, one, depth));
    }

    /// <summary>The types of the constants, where there are constants.</summary>
    private static JsonTypes TypesOf(SchemaCase known) =>
        known.Values is null ? known.Types : known.Types & known.Values.Aggregate(JsonTypes.None, (types, value) => types | JsonValues.TypeOf(value));

    private static bool LiesBelow(SchemaCase one, SchemaCase other) =>
        one.Maximum is { } high && other.Minimum is { } low && (high < low || (high == low && (one.ExcludesMaximum || other.ExcludesMinimum)));

    /// <summary>Objects of the first case always have the property; those of the second cannot have it with such a value.</summary>
    private bool TellsApart(string name, SchemaCase with, SchemaCase without, int depth)
    {
        if (without.OfProperty(name) is not { } there) return false;
        var others = read(there);
        return read(with.OfProperty(name) ?? []).All(one => others.All(other => AreApart(one, other, depth + 1)));
    }

    private static class JsonValues
    {
        public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null => JsonTypes.Null,
            JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
            JsonValueKind.Number => value.TryGetDecimal(out var number) && number == decimal.Floor(number) ? JsonTypes.Integer : JsonTypes.Fraction,
            JsonValueKind.String => JsonTypes.String,
            JsonValueKind.Array => JsonTypes.Array,
            _ => JsonTypes.Object,
        };
    }
}

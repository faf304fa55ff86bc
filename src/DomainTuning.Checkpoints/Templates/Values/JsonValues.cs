using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Values from JSON. All text is untrusted, keys included. A number with a point or exponent is a float, any other an integer.</summary>
internal static class JsonValues
{
    public static Value Read(JsonNode? node, Evaluation evaluation)
    {
        evaluation.Budget.Enter();
        Value value = node switch
        {
            null => NoneValue.Instance,
            JsonArray array => new ListValue([.. array.Select(item => Read(item, evaluation))]),
            JsonObject map => ReadMap(map, evaluation),
            _ => ReadScalar(node),
        };
        evaluation.Budget.Leave();
        return value;
    }

    private static MapValue ReadMap(JsonObject map, Evaluation evaluation)
    {
        var entries = MapValue.NewEntries(evaluation);
        foreach (var (key, item) in map) entries[TextValue.Untrusted(key)] = Read(item, evaluation);
        return new MapValue(entries);
    }

    private static Value ReadScalar(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => TextValue.Untrusted(node.GetValue<string>()),
        JsonValueKind.True => BooleanValue.True,
        JsonValueKind.False => BooleanValue.False,
        JsonValueKind.Null => NoneValue.Instance,
        _ => ReadNumber(node.ToJsonString()),
    };

    private static Value ReadNumber(string text)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E')) return new FloatValue(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
        return text.Length > 5000 ? throw Budget.TooLarge() : new IntegerValue(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }
}

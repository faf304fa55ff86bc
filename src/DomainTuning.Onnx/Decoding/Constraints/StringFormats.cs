namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>The formats of JSON Schema that answers can be held to, as patterns; where a format is wide, the part of it that everyone accepts.</summary>
internal static class StringFormats
{
    private const string Year = "(?:[1-9][0-9]{3})";
    private const string Day = Year + "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
    private const string Clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])";
    private const string Label = "[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?";
    private const string Host = Label + "(?:\\." + Label + "){0,4}\\.[a-z]{2,12}";
    private const string Octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Group = "[0-9a-f]{1,4}";
    private const string PathText = "[A-Za-z0-9._~!&'()*+,;=:@-]{1,64}";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Day,
        ["time"] = Clock,
        ["date-time"] = Day + "T" + Clock,
        ["duration"] = "P(?:[0-9]{1,4}W|(?:[0-9]{1,4}Y)?(?:[0-9]{1,4}M)?[0-9]{1,4}D(?:T[0-9]{1,4}H(?:[0-9]{1,4}M)?(?:[0-9]{1,4}S)?)?|T(?:[0-9]{1,4}H(?:[0-9]{1,4}M)?(?:[0-9]{1,4}S)?|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S))",
        ["uuid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["email"] = "[A-Za-z0-9_+-]{1,32}(?:\\.[A-Za-z0-9_+-]{1,16}){0,3}@" + Host,
        ["hostname"] = Host,
        ["ipv4"] = Octet + "(?:\\." + Octet + "){3}",
        ["ipv6"] = Group + "(?::" + Group + "){7}|::(?:" + Group + "(?::" + Group + "){0,5})?|" + Group + "::(?:" + Group + "(?::" + Group + "){0,4})?",
        ["uri"] = "(?:https?|ftp)://" + Host + "(?::[1-9][0-9]{0,3})?(?:/" + PathText + "){0,16}/?(?:\\?" + PathText + ")?(?:#" + PathText + ")?",
    };

    public static IEnumerable<string> Names => Patterns.Keys.Order(StringComparer.Ordinal);

    /// <summary>The pattern of a format, or null where it is not known.</summary>
    public static string? Pattern(string format) => Patterns.TryGetValue(format, out var pattern) ? $"^(?:{pattern})$" : null;
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// A number with its unit. "10mm", "10 mm" and "1 cm" are the same quantity; "10 mm" and "10 in" are not. Where one side names no unit, the numbers decide.
/// </summary>
/// <param name="Value">In the unit's base (metres, seconds, volts, …).</param>
/// <param name="Dimension">"length", "time", …; null without a unit that is known.</param>
public readonly partial record struct Quantity(double Value, double Number, string? Dimension, bool IsPercent)
{
    /// <summary>One in ten thousand: allows for rounding in a conversion and nothing else.</summary>
    public const double Tolerance = 1e-4;

    private static readonly Dictionary<string, (string Dimension, double Factor)> Units = Table(
        ("length", 1e-9, "nm nanometer nanometers nanometre nanometres"), ("length", 1e-6, "um μm micron microns micrometer micrometers micrometre micrometres"),
        ("length", 1e-3, "mm millimeter millimeters millimetre millimetres"), ("length", 1e-2, "cm centimeter centimeters centimetre centimetres"),
        ("length", 1, "m meter meters metre metres"), ("length", 1e3, "km kilometer kilometers kilometre kilometres"), ("length", 0.0254, "in inch inches \""), ("length", 0.3048, "ft foot feet"),
        ("time", 1e-9, "ns nanosecond nanoseconds"), ("time", 1e-6, "us μs microsecond microseconds"), ("time", 1e-3, "ms millisecond milliseconds"), ("time", 1, "s sec secs second seconds"),
        ("time", 60, "min mins minute minutes"), ("time", 3600, "h hr hrs hour hours"), ("time", 86400, "day days"),
        ("frequency", 1, "hz hertz"), ("frequency", 1e3, "khz kilohertz"), ("frequency", 1e6, "mhz megahertz"), ("frequency", 1e9, "ghz gigahertz"), ("rotation", 1, "rpm"),
        ("voltage", 1e-3, "mv millivolt millivolts"), ("voltage", 1, "v volt volts"), ("voltage", 1e3, "kv kilovolt kilovolts"),
        ("current", 1e-3, "ma milliamp milliamps"), ("current", 1, "a amp amps ampere amperes"), ("power", 1, "w watt watts"), ("power", 1e3, "kw kilowatt kilowatts"),
        ("angle", 1, "° deg degree degrees"), ("angle", 180 / Math.PI, "rad radian radians"), ("mass", 1e-3, "g gram grams"), ("mass", 1, "kg kilogram kilograms"), ("mass", 0.45359237, "lb lbs pound pounds"),
        ("pressure", 1, "pa pascal pascals"), ("pressure", 1e3, "kpa"), ("pressure", 1e6, "mpa"), ("pressure", 1e5, "bar"), ("pressure", 6894.757293168, "psi"),
        ("data", 0.125, "bit bits"), ("data", 1, "byte bytes"), ("data", 1024, "kb kib kilobyte kilobytes"), ("data", 1048576, "mb mib megabyte megabytes"), ("data", 1073741824, "gb gib gigabyte gigabytes"));

    /// <summary>The whole text as one quantity; null when it is not one, also for a number before a word that is no unit ("7 apples").</summary>
    public static Quantity? Parse(string text)
    {
        var trimmed = text.Trim().TrimEnd('.');
        if (WithUnit().Match(trimmed) is { Success: true } match && Read(match) is { Dimension: not null } quantity) return quantity;
        return NumericText.Parse(text) is { } number ? new Quantity(number.Value, number.Value, null, number.IsPercent) : null;
    }

    /// <summary>Whether any quantity that <paramref name="answer"/> holds is the accepted one.</summary>
    public static bool IsIn(string answer, string gold, double tolerance = Tolerance) =>
        Parse(gold) is { } wanted && ((Parse(answer) is { } whole && whole.Matches(wanted, tolerance)) || All(answer).Any(found => found.Matches(wanted, tolerance)));

    public bool Matches(Quantity gold, double tolerance = Tolerance) => Dimension is not null && gold.Dimension is not null
        ? Dimension == gold.Dimension && WithinShare(Value, gold.Value, tolerance)
        : new NumericText(Number, IsPercent).Matches(new NumericText(gold.Number, gold.IsPercent), tolerance);

    /// <summary>Every number of a text, with the unit behind it if there is one. Digits inside names (G33, M62-63) are no numbers.</summary>
    private static IEnumerable<Quantity> All(string text) => Embedded().Matches(text).Select(Read).OfType<Quantity>();

    private static Quantity? Read(Match match)
    {
        var digits = match.Groups["digits"].Value.Replace(",", "", StringComparison.Ordinal).Replace('\u2212', '-');
        if (!double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return null;
        var name = match.Groups["unit"].Value.Replace('µ', 'μ');
        if (name is "%" || name.Equals("percent", StringComparison.OrdinalIgnoreCase)) return new Quantity(number, number, null, true);
        return Units.TryGetValue(name.ToLowerInvariant(), out var unit) ? new Quantity(number * unit.Factor, number, unit.Dimension, false) : new Quantity(number, number, null, false);
    }

    /// <summary>Without the least difference of <see cref="NumericText"/>, which a nanometre in metres would be below.</summary>
    private static bool WithinShare(double value, double gold, double tolerance) => Math.Abs(value - gold) <= Math.Max(tolerance, 1e-12) * Math.Abs(gold);

    private static Dictionary<string, (string Dimension, double Factor)> Table(params (string Dimension, double Factor, string Names)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => (name, row))).ToDictionary(entry => entry.name, entry => (entry.row.Dimension, entry.row.Factor), StringComparer.Ordinal);

    private const string Digits = @"(?<digits>[-+\u2212]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)?(?:\.[0-9]+|(?<=[0-9])\.?)(?:[eE][-+]?[0-9]+)?)";

    [GeneratedRegex("^" + Digits + "[ \u00A0-]?(?<unit>%|°|\"|\\p{L}+)$", RegexOptions.CultureInvariant)]
    private static partial Regex WithUnit();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,]|[\p{L}\p{N}_]-)" + Digits + "(?![0-9_])(?:[ \u00A0]?(?<unit>%|°|\"|\\p{L}+))?", RegexOptions.CultureInvariant)]
    private static partial Regex Embedded();
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// A whole text as one number: currency signs, thousands commas in groups of three, scale words, a trailing %, parentheses or U+2212 for minus,
/// e-notation, "about". Two match within a share of the accepted one; where only one has a percent sign, it may also mean its hundredth.
/// </summary>
public readonly partial record struct NumericText(double Value, bool IsPercent)
{
    private const double Least = 1e-9;

    private static readonly Dictionary<string, double> Scales = new(StringComparer.Ordinal)
    {
        ["hundred"] = 1e2, ["thousand"] = 1e3, ["k"] = 1e3, ["million"] = 1e6, ["mn"] = 1e6, ["m"] = 1e6, ["billion"] = 1e9, ["bn"] = 1e9, ["b"] = 1e9, ["trillion"] = 1e12, ["tn"] = 1e12,
        ["百"] = 1e2, ["千"] = 1e3, ["万"] = 1e4, ["萬"] = 1e4, ["百万"] = 1e6, ["亿"] = 1e8, ["億"] = 1e8,
    };

    /// <summary>Null when the text is not one number.</summary>
    public static NumericText? Parse(string text)
    {
        var match = Number().Match(text.Trim().Replace('\u2212', '-').ToLowerInvariant());
        if (!match.Success || match.Groups["open"].Success != match.Groups["close"].Success) return null;
        var scale = match.Groups["scale"].Value;
        if (scale.Length > 0 && !Scales.ContainsKey(scale)) return null;
        if (!double.TryParse(match.Groups["digits"].Value.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return null;
        if (scale.Length > 0) value *= Scales[scale];
        var negative = match.Groups["open"].Success || match.Groups["sign"].Value == "-";
        return new NumericText(negative ? -value : value, match.Groups["percent"].Success);
    }

    /// <param name="tolerance">Largest difference, as a share of <paramref name="gold"/>.</param>
    public static bool Matches(string answer, string gold, double tolerance) =>
        Parse(answer) is { } a && Parse(gold) is { } b && a.Matches(b, tolerance);

    public bool Matches(NumericText gold, double tolerance) =>
        Within(Value, gold.Value, tolerance)
        || (IsPercent != gold.IsPercent && (IsPercent ? Within(Value / 100, gold.Value, tolerance) : Within(Value, gold.Value / 100, tolerance)));

    internal static bool Within(double a, double gold, double tolerance) => Math.Abs(a - gold) <= Math.Max(Least, tolerance * Math.Abs(gold));

    [GeneratedRegex(
        @"^(?:about|approximately|approx\.?|around|roughly|nearly|~|≈|约|大约)?\s*(?<open>\()?\s*(?<sign>[-+])?\s*[$€£¥]?\s*(?<sign>[-+])?(?<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?(?:e[-+]?[0-9]+)?|\.[0-9]+(?:e[-+]?[0-9]+)?)\s*(?<scale>[a-z]+(?<!percent)|[百千万萬亿億]+)?\s*(?<percent>%|percent|per cent)?\s*(?<close>\))?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}

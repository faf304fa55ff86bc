using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DomainTuning.Adapters;

/// <summary>
/// How PEFT names modules: a list of names (a module matches when its name equals an entry or ends in a dot and the entry), or one text, which is a
/// regular expression over the whole name, or "all-linear". Expressions come from files: they may run for a tenth of a second each.
/// </summary>
public sealed record PeftTargets(IReadOnlyList<string> Names, string? Pattern)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    public bool IsPattern => Pattern is not null;

    /// <summary>Every linear layer but the output matrix.</summary>
    public bool IsAllLinear => string.Equals(Pattern, "all-linear", StringComparison.OrdinalIgnoreCase);

    /// <summary>For people: "q_proj, v_proj".</summary>
    public override string ToString() => Pattern ?? string.Join(", ", Names);

    public static PeftTargets Read(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? new PeftTargets([], value.GetString())
        : new PeftTargets([.. value.EnumerateArray().Select(name => name.GetString()!)], null);

    public bool Matches(string module) => Pattern is null ? Names.Any(name => EndsWith(module, name)) : IsMatch(module, $@"\A(?:{Pattern})\z");

    public static bool EndsWith(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    /// <summary>The value of the first key, in the file's order, that matches the end of the name: ^(.*\.)?(key)$.</summary>
    public static double? FirstMatch(IReadOnlyList<KeyValuePair<string, double>> pattern, string module)
    {
        foreach (var (key, value) in pattern)
            if (IsMatch(module, $@"\A(.*\.)?({key})\z"))
                return value;
        return null;
    }

    /// <summary>The number of the layer that a module lies in, found as PEFT finds it; null where it lies in none.</summary>
    public static int? LayerOf(string module, IReadOnlyList<string> patterns)
    {
        string[] expressions = patterns.Count == 0 ? [@"\A.*?\.[^.]*\.(\d+)\."] : [.. patterns.Select(name => $@"\A(?:|.*\.){name}\.(\d+)\.")];
        foreach (var expression in expressions)
            if (Run(() => Regex.Match(module, expression, RegexOptions.CultureInvariant, Limit), expression) is { Success: true } match)
                return int.Parse(match.Groups[^1].Value, CultureInfo.InvariantCulture);
        return null;
    }

    private static bool IsMatch(string module, string expression) => Run(() => Regex.IsMatch(module, expression, RegexOptions.CultureInvariant, Limit), expression);

    private static T Run<T>(Func<T> match, string expression)
    {
        try
        {
            return match();
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            throw new AdapterException($"An adapter names its modules with the expression '{expression}', which cannot be used: {error.Message}", error);
        }
    }
}

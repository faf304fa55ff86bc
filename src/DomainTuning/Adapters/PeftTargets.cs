using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DomainTuning.Adapters;

/// <summary>
/// How PEFT names modules: a list of names (a module matches when its name equals an entry or ends in a dot and the entry), or one text, which is a
/// regular expression over the whole name, or "all-linear". Expressions come from files: hostile ones cost a few seconds, not the run.
/// </summary>
public sealed record PeftTargets(IReadOnlyList<string> Names, string? Pattern)
{
    /// <summary>For an expression that could take for ever; wall time, so it is far above what any sound one needs on a busy machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly ConcurrentDictionary<string, Regex> Expressions = new(StringComparer.Ordinal);

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
            if (Run(() => Expression(expression).Match(module), expression) is { Success: true } match)
                return int.Parse(match.Groups[^1].Value, CultureInfo.InvariantCulture);
        return null;
    }

    private static bool IsMatch(string module, string expression) => Run(() => Expression(expression).IsMatch(module), expression);

    /// <summary>Linear in the name's length where that can be: an expression from a file then needs no clock. Lookarounds and back-references run against the limit.</summary>
    private static Regex Expression(string expression) => Expressions.GetOrAdd(expression, text =>
    {
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(text, RegexOptions.CultureInvariant, Limit);
        }
    });

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

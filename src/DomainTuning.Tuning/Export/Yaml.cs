using System.Globalization;
using System.Text;

namespace DomainTuning.Tuning.Export;

/// <summary>A flat YAML file: keys with a text, a number, a switch or a list of texts, and comments between. Texts are quoted, so none is read as anything else.</summary>
internal sealed class Yaml
{
    private readonly StringBuilder text = new();

    public Yaml Comment(string comment)
    {
        text.Append("# ").Append(comment).Append('\n');
        return this;
    }

    /// <param name="value">Null: the key is left out, so that the tool's default holds.</param>
    public Yaml Add(string key, object? value)
    {
        if (value is not null) text.Append(key).Append(": ").Append(Scalar(value)).Append('\n');
        return this;
    }

    public override string ToString() => text.ToString();

    private static string Scalar(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("0.0###############", CultureInfo.InvariantCulture), // YAML 1.1 reads "1e-05" as a text
        int number => number.ToString(CultureInfo.InvariantCulture),
        IReadOnlyList<string> items => "[" + string.Join(", ", items.Select(Quoted)) + "]",
        _ => Quoted(value.ToString()!),
    };

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}

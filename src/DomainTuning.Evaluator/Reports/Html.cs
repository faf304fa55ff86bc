using System.Text;
using System.Text.Encodings.Web;

namespace DomainTuning.Evaluator.Reports;

/// <summary>
/// Writes HTML element by element. Text and attribute values are always encoded: they come from documents and models, which are hostile. Raw markup is only
/// what this program wrote itself.
/// </summary>
internal sealed class Html
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

    private readonly StringBuilder text = new();

    public Html Open(string element, params (string Name, string Value)[] attributes)
    {
        text.Append('<').Append(element);
        foreach (var (name, value) in attributes) text.Append(' ').Append(name).Append("=\"").Append(Encode(value)).Append('"');
        text.Append('>');
        return this;
    }

    public Html Close(string element)
    {
        text.Append("</").Append(element).Append(">\n");
        return this;
    }

    public Html Text(string value)
    {
        text.Append(Encode(value));
        return this;
    }

    public Html Element(string element, string value, params (string Name, string Value)[] attributes) => Open(element, attributes).Text(value).Close(element);

    /// <param name="markup">Of this program, never from a document.</param>
    public Html Raw(string markup)
    {
        text.Append(markup);
        return this;
    }

    public Html Row(string cell, IEnumerable<string> values)
    {
        Open("tr");
        foreach (var (i, value) in values.Index()) Element(i == 0 ? "th" : cell, value);
        return Close("tr");
    }

    public override string ToString() => text.ToString();

    /// <summary>Control characters are shown as their picture: a browser would drop or obey them.</summary>
    public static string Encode(string value) =>
        Encoder.Encode(string.Concat(value.Select(c => c is '\n' or '\t' ? c : char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') ? '\uFFFD' : c)));
}

using System.Globalization;
using System.Text;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// White space and invisible characters, put in order: words are separated by single spaces, and what no reader can see (control, soft-hyphen,
/// zero-width and direction-override characters) is gone. Letters are never changed: quotes must stand as they were written.
/// </summary>
internal static class Wording
{
    /// <summary>The text on one line.</summary>
    public static string OneLine(string text)
    {
        var clean = new StringBuilder(text.Length);
        var spaceDue = false;
        foreach (var c in WellFormed(text))
        {
            if (IsInvisible(c)) continue;
            if (char.IsWhiteSpace(c) || char.IsControl(c))
            {
                spaceDue = clean.Length > 0;
                continue;
            }

            if (spaceDue) clean.Append(' ');
            spaceDue = false;
            clean.Append(c);
        }

        return clean.ToString();
    }

    /// <summary>Each line by itself; empty lines are dropped.</summary>
    public static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Select(OneLine).Where(line => line.Length > 0));

    /// <summary>Program text: indentation and inner spaces are kept, tabs become four spaces, empty lines at either end are dropped.</summary>
    public static string Code(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in WellFormed(text.ReplaceLineEndings("\n")))
        {
            if (c == '\n') TrimEnd(clean).Append('\n');
            else if (c == '\t') clean.Append("    ");
            else if (char.IsWhiteSpace(c)) clean.Append(' ');
            else if (!char.IsControl(c) && !IsInvisible(c)) clean.Append(c);
        }

        return TrimEnd(clean).ToString().Trim('\n');
    }

    private static StringBuilder TrimEnd(StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ') text.Length--;
        return text;
    }

    /// <summary>Half a surrogate pair cannot be stored as UTF-8; it becomes U+FFFD.</summary>
    private static string WellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (char.IsSurrogate(text[i]) && !(char.IsSurrogatePair(text, i++)))
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return text;
    }

    /// <summary>Joiners (U+200C, U+200D) stay: scripts and emoji need them.</summary>
    private static bool IsInvisible(char c) =>
        c is '\u00AD' or '\u200B' or '\u2060' or '\uFEFF' or '\uFFFE' or '\uFFFF'
        || (c is >= '\u200E' and <= '\u206F' && CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format);
}

using System.Text;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>What a glyph says once ligatures are taken apart, exotic spaces are spaces and control characters are gone.</summary>
internal static class GlyphText
{
    public const string Space = " ";

    /// <summary>Invisible unless a line breaks at it; kept until lines are joined.</summary>
    public const char SoftHyphen = '\u00AD';

    /// <returns>The text; " " for any white space; "" when there is nothing to print.</returns>
    public static string Clean(string? value)
    {
        if (string.IsNullOrEmpty(value)) return "";
        if (value.Length == 1 && value[0] is > ' ' and < '\u007F') return value;

        var clean = new StringBuilder(value.Length);
        var space = false;
        foreach (var c in value)
        {
            switch (c)
            {
                case '\uFB00': clean.Append("ff"); break;
                case '\uFB01': clean.Append("fi"); break;
                case '\uFB02': clean.Append("fl"); break;
                case '\uFB03': clean.Append("ffi"); break;
                case '\uFB04': clean.Append("ffl"); break;
                case '\uFB05' or '\uFB06': clean.Append("st"); break;
                case '\u0132': clean.Append("IJ"); break;
                case '\u0133': clean.Append("ij"); break;
                case '\uF0B7' or '\uF0A7' or '\uF0D8' or '\uF076' or '\uF06E' or '\uF0A8' or '\uF0FC': clean.Append('•'); break; // bullets of the Symbol and Wingdings fonts
                case '\u200B' or '\u2060' or '\uFEFF' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'): break;
                case '\uFFFE' or '\uFFFF': clean.Append('\uFFFD'); break;
                default:
                    if (char.IsWhiteSpace(c)) space = true;
                    else if (!char.IsControl(c)) clean.Append(c);
                    break;
            }
        }

        return clean.Length > 0 ? clean.ToString() : space ? Space : "";
    }

    /// <summary>True for what no reader can read: the replacement character, private-use code points, lone surrogates.</summary>
    public static bool IsUnknown(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\uFFFD' or (>= '\uE000' and <= '\uF8FF')) return true;
            if (!char.IsSurrogate(c)) continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return true;
            if (char.GetUnicodeCategory(text, i) == System.Globalization.UnicodeCategory.PrivateUse) return true;
            i++;
        }

        return false;
    }

    /// <summary>Scripts written without spaces: lines of them join without one.</summary>
    public static bool IsCjk(char c) =>
        c is (>= '\u2E80' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFF00' and <= '\uFF60') or (>= '\uFFE0' and <= '\uFFE6');

    public static bool IsRightToLeft(char c) =>
        c is (>= '\u0590' and <= '\u08FF') or (>= '\uFB1D' and <= '\uFDFF') or (>= '\uFE70' and <= '\uFEFC');

    /// <summary>Combining marks join their letter, lone halves of surrogate pairs become U+FFFD.</summary>
    public static string Compose(string text)
    {
        var plain = true;
        foreach (var c in text)
            if (char.IsSurrogate(c) || c is >= '\u0300' and <= '\u036F') plain = false;
        if (plain) return text;

        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) clean.Append(text[i]);
            else if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) clean.Append(text[i]).Append(text[++i]);
            else clean.Append('\uFFFD');
        }

        return clean.ToString().Normalize(NormalizationForm.FormC);
    }
}

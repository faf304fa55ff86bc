using System.Text;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Whether a hyphen at a line's end belongs to the word ("servo-thread", "M62-63") or to the line ("com-pleteness"): the document's own words decide.
/// </summary>
internal sealed class Hyphenation
{
    private readonly HashSet<string> _words = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Teaches the words of a line; its first and last are fragments when a hyphen parts them, so the last hyphenated one is left out.</summary>
    public void Learn(IReadOnlyList<Word> line, bool continuesAbove)
    {
        for (var i = continuesAbove ? 1 : 0; i < line.Count; i++)
        {
            var text = line[i].Text;
            if (i == line.Count - 1 && EndsWithHyphen(text)) break;
            Learn(text);
        }
    }

    public void Learn(string text)
    {
        var core = Core(text);
        if (core.Length > 1) _words.Add(core);
    }

    public static bool EndsWithHyphen(string text) => text.Length > 1 && text[^1] is '-' or '\u2010' or GlyphText.SoftHyphen;

    /// <summary>What stands between <paramref name="left"/> (which ends a line) and the next line's first word, once the hyphen is dealt with.</summary>
    /// <returns>True when the hyphen goes away.</returns>
    public bool Joins(string left, string right)
    {
        if (left[^1] == GlyphText.SoftHyphen) return true;
        if (left.Length < 2 || right.Length == 0 || !char.IsLetter(left[^2]) || !char.IsLetter(right[0])) return false;
        var stem = Core(left[..^1]);
        var rest = Core(right);
        if (_words.Contains(stem + "-" + rest)) return false;
        if (_words.Contains(stem + rest)) return true;
        // Neither was seen. Names ("xyzac-trt-gui", "PARAM-X") keep what they have;
        stem = stem[(stem.LastIndexOf('/') + 1)..]; // "2/Hom-ing" is two words
        if (!char.IsLower(right[0]) || stem.Any(c => c is '-' or '_' || char.IsDigit(c))) return false;
        // so do two words that both stand alone elsewhere.
        return !(stem.Length > 2 && rest.Length > 2 && _words.Contains(stem) && _words.Contains(rest));
    }

    private static string Core(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && !char.IsLetterOrDigit(text[start])) start++;
        while (end > start && !char.IsLetterOrDigit(text[end - 1])) end--;
        var core = text[start..end];
        if (!core.Contains(GlyphText.SoftHyphen, StringComparison.Ordinal) && !core.Contains('\u2010', StringComparison.Ordinal)) return core;
        return new StringBuilder(core).Replace(GlyphText.SoftHyphen.ToString(), "").Replace('\u2010', '-').ToString();
    }
}

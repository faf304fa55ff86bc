using System.Text;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Arabic and Hebrew are placed from right to left, and files list the glyphs either way round. Positions decide: what stands
/// further right is read first. A small part of the Unicode bidirectional algorithm (UAX 9): one level, numbers keep their order.
/// </summary>
internal static class RightToLeft
{
    public static bool IsMainlyRightToLeft(IEnumerable<Word> words)
    {
        int right = 0, left = 0;
        foreach (var word in words)
            foreach (var glyph in word.Glyphs)
                foreach (var c in glyph.Text)
                {
                    if (GlyphText.IsRightToLeft(c)) right++;
                    else if (char.IsLetter(c)) left++;
                }

        return right > left;
    }

    /// <summary>The word's letters in reading order.</summary>
    public static string Reorder(string text, IReadOnlyList<Glyph> glyphs)
    {
        var any = false;
        foreach (var c in text) any |= GlyphText.IsRightToLeft(c);
        if (!any) return text;

        var ordered = glyphs.OrderByDescending(glyph => glyph.Left).ToList();
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < ordered.Count; i++)
        {
            if (!IsNumeric(ordered[i].Text))
            {
                result.Append(ordered[i].Text);
                continue;
            }

            var end = i;
            while (end + 1 < ordered.Count && IsNumeric(ordered[end + 1].Text)) end++;
            for (var k = end; k >= i; k--) result.Append(ordered[k].Text);
            i = end;
        }

        return result.ToString();
    }

    /// <summary>A right-to-left line's words, sorted from left to right, put into reading order; runs of Latin words and numbers keep theirs.</summary>
    public static List<Word> Reorder(List<Word> words)
    {
        var result = new List<Word>(words.Count);
        for (var i = words.Count - 1; i >= 0; i--)
        {
            if (HasRightToLeft(words[i]) || !HasLetterOrDigit(words[i]))
            {
                result.Add(words[i]);
                continue;
            }

            var start = i;
            while (start > 0 && !HasRightToLeft(words[start - 1]) && HasLetterOrDigit(words[start - 1])) start--;
            for (var k = start; k <= i; k++) result.Add(words[k]);
            i = start;
        }

        return result;
    }

    private static bool HasRightToLeft(Word word) => word.Text.Any(GlyphText.IsRightToLeft);

    private static bool HasLetterOrDigit(Word word) => word.Text.Any(char.IsLetterOrDigit);

    private static bool IsNumeric(string text) => text.Length == 1 && (char.IsDigit(text[0]) || text[0] is '.' or ',' or '/' or ':' or '-' or '%');
}

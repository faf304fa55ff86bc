using System.Globalization;
using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Answering.Quotes;

/// <summary>
/// Says where the words of a quote stand on a page. What a typesetter changes does not count: white space, soft hyphens and zero-width signs, a hyphen
/// between letters ("config- uration", "step-and-direction"), the shape of quotation marks and dashes, ligatures and compatibility forms (NFKC).
/// What changes the meaning does: case, digits, signs before digits, whole words. Thread-safe.
/// </summary>
public sealed class QuoteFinder
{
    private readonly PageText page;
    private readonly string folded;
    private readonly int[] origin;      // [folded.Length]: where each folded unit stands in the page's text

    public QuoteFinder(PageText page)
    {
        this.page = page;
        (folded, origin) = Fold(page.Text);
    }

    /// <summary>The range of the quote in <see cref="PageText.Text"/>, or null when it is not there. A quote without letters or digits is nowhere.</summary>
    /// <param name="near">Where the quote should stand: decides between several places. Without it, or with none there, the first place wins.</param>
    public (int Start, int Length)? Find(string quote, Box near = default)
    {
        var (wanted, _) = Fold(quote);
        if (!wanted.Any(char.IsLetterOrDigit)) return null;

        (int Start, int Length)? first = null;
        for (var at = folded.IndexOf(wanted, StringComparison.Ordinal); at >= 0; at = folded.IndexOf(wanted, at + 1, StringComparison.Ordinal))
        {
            var start = origin[at];
            var length = origin[at + wanted.Length - 1] + 1 - start;
            if (CutsWord(page.Text, start, length)) continue;
            if (near.IsNone || page.BoxesOf(start, length).Any(box => Overlap(box, near))) return (start, length);
            first ??= (start, length);
        }

        return first;
    }

    /// <summary>Whether the words stand in a text, by the same rules.</summary>
    public static bool Holds(string text, string words)
    {
        var ((folded, origin), (wanted, _)) = (Fold(text), Fold(words));
        if (!wanted.Any(char.IsLetterOrDigit)) return false;
        for (var at = folded.IndexOf(wanted, StringComparison.Ordinal); at >= 0; at = folded.IndexOf(wanted, at + 1, StringComparison.Ordinal))
            if (!CutsWord(text, origin[at], origin[at + wanted.Length - 1] + 1 - origin[at]))
                return true;
        return false;
    }

    private static bool CutsWord(string text, int start, int length)
    {
        var end = start + length;
        return (start > 0 && IsWord(text[start - 1]) && IsWord(text[start])) || (end < text.Length && IsWord(text[end - 1]) && IsWord(text[end]));
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static bool Overlap(Box a, Box b) => a.Left < b.Right && b.Left < a.Right && a.Top < b.Bottom && b.Top < a.Bottom;

    private static (string Text, int[] Origin) Fold(string text)
    {
        var (folded, origin) = (new StringBuilder(text.Length), new List<int>(text.Length));
        for (var i = 0; i < text.Length; i++)
        {
            var c = Plain(text[i]);
            if (IsInvisible(c) || (c == '-' && JoinsLetters(text, i))) continue;
            if (char.IsAscii(c) || char.IsSurrogate(c)) Add(c, i);
            else foreach (var form in c.ToString().Normalize(NormalizationForm.FormKC)) Add(form, i);
        }

        return (folded.ToString(), [.. origin]);

        void Add(char c, int i)
        {
            folded.Append(c);
            origin.Add(i);
        }
    }

    private static char Plain(char c) => c switch
    {
        '\u2018' or '\u2019' or '\u201A' or '\u201B' or '\u2032' => '\'',
        '\u201C' or '\u201D' or '\u201E' or '\u201F' or '\u2033' or '\u00AB' or '\u00BB' => '"',
        '\u2010' or '\u2011' or '\u2012' or '\u2013' or '\u2014' or '\u2212' => '-',
        _ => c,
    };

    private static bool IsInvisible(char c) => char.IsWhiteSpace(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Control;

    private static bool JoinsLetters(string text, int i)
    {
        if (i == 0 || !char.IsLetter(text[i - 1])) return false;
        var next = i + 1;
        while (next < text.Length && IsInvisible(text[next])) next++;
        return next < text.Length && char.IsLetter(text[next]);
    }
}

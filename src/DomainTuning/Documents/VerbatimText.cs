using System.Globalization;
using System.Text;

namespace DomainTuning.Documents;

/// <summary>
/// How a quote is compared with its page: letter by letter after NFKC, without white space (lines end elsewhere in another reader's text), without the
/// bars between the cells of a table (our reader's, not the page's), with straight quotation marks. Case counts.
/// </summary>
public static class VerbatimText
{
    public static bool Contains(string page, string quote) => Fold(quote) is { Length: > 0 } folded && Fold(page).Contains(folded, StringComparison.Ordinal);

    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) folded.Append(rune); // half a surrogate pair, on which normalising would throw, becomes U+FFFD
        text = folded.ToString().Replace(" | ", " ", StringComparison.Ordinal).Normalize(NormalizationForm.FormKC);
        folded.Clear();
        foreach (var c in text)
            if (!char.IsWhiteSpace(c) && char.GetUnicodeCategory(c) is not UnicodeCategory.Format and not UnicodeCategory.Control)
                folded.Append(c switch { '\u2018' or '\u2019' => '\'', '\u201C' or '\u201D' => '"', _ => c });
        return folded.ToString();
    }
}

using System.Globalization;
using System.Text;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// White space, lower case and word characters as the published scoring scripts have them. They were written in Python, whose rules differ from .NET's:
/// U+001C to U+001F are white space, lower-casing is full (İ, final sigma), and every number is a word character while combining marks are not.
/// </summary>
internal static class PythonText
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    public static string[] Split(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && !IsSpace(text[end])) end++;
            if (end > at) words.Add(text[at..end]);
            at = end + 1;
        }

        return [.. words];
    }

    public static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    public static string Trim(string text)
    {
        text = TrimEnd(text);
        var start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }

    public static string Lower(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var lower = new StringBuilder(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
            lower.Append(text[i] switch
            {
                '\u0130' => "i\u0307",
                '\u03A3' => IsFinalSigma(text, i) ? "\u03C2" : "\u03C3",
                _ when char.IsSurrogatePair(text, i) => Rune.ToLowerInvariant(new Rune(text[i], text[++i])).ToString(),
                var c => char.ToLowerInvariant(c).ToString(),
            });
        return lower.ToString();
    }

    public static bool IsWord(Rune rune) => rune.Value == '_' || Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.OtherLetter => true,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => true,
        _ => false,
    };

    /// <summary>Final_Sigma of the Unicode standard, table 3-17: a cased letter before it, none after it.</summary>
    private static bool IsFinalSigma(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsIgnorable(text[before])) before--;
        if (before < 0 || !IsCased(text[before])) return false;
        var after = at + 1;
        while (after < text.Length && IsIgnorable(text[after])) after++;
        return after == text.Length || !IsCased(text[after]);
    }

    private static bool IsCased(char c) => CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsIgnorable(char c) => c is '\'' or '.' or ':' or '\u00B7' or '\u2019' || CharUnicodeInfo.GetUnicodeCategory(c) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}

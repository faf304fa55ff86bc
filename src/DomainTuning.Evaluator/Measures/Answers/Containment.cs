using System.Text;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// Whether an accepted answer stands in a longer one, in whole words: "2" is not in "20", "2.5", "-2" or "G2", "G33" is not in "G33.1", "HOME" is not in
/// "HOME_OFFSET". Case, width and white space do not count. Chinese, Japanese and Korean have no word borders: there the characters decide.
/// </summary>
public static class Containment
{
    public static bool Holds(string answer, string gold)
    {
        var (text, wanted) = (Fold(answer), Fold(gold));
        if (wanted.Length == 0) return false;
        for (var at = text.IndexOf(wanted, StringComparison.Ordinal); at >= 0; at = text.IndexOf(wanted, at + 1, StringComparison.Ordinal))
            if (StartsWord(text, at, wanted) && EndsWord(text, at + wanted.Length, wanted)) return true;
        return false;
    }

    private static string Fold(string text)
    {
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) whole.Append(rune);
        var folded = PythonText.Lower(whole.ToString().Normalize(NormalizationForm.FormKC)).Replace('\u2212', '-').Replace('\u2019', '\'').Replace('\u2018', '\'').Replace('\u201C', '"').Replace('\u201D', '"');
        return string.Join(' ', PythonText.Split(folded));
    }

    private static bool StartsWord(string text, int at, string wanted)
    {
        if (at == 0 || IsIdeograph(wanted[0])) return true;
        var before = text[at - 1];
        if (IsSign(wanted[0]) && wanted.Length > 1 && char.IsDigit(wanted[1])) return !IsWord(before) && before is not '.';
        if (!IsWord(wanted[0])) return true;
        if (IsWord(before) && !IsIdeograph(before)) return false;
        // A decimal or a part of a name stands before it, or a sign that changes a number.
        if (before is '.' or ',' && at > 1 && IsWord(text[at - 2]) && (before == '.' || (char.IsDigit(text[at - 2]) && char.IsDigit(wanted[0])))) return false;
        if (before == '.' && char.IsDigit(wanted[0])) return false;
        return !(IsSign(before) && char.IsDigit(wanted[0]) && (at == 1 || !IsWord(text[at - 2])));
    }

    private static bool EndsWord(string text, int end, string wanted)
    {
        if (end == text.Length || IsIdeograph(wanted[^1]) || !IsWord(wanted[^1])) return true;
        var after = text[end];
        if (IsWord(after) && !IsIdeograph(after)) return false;
        return !(after is '.' or ',' && end + 1 < text.Length && IsWord(text[end + 1]) && (after == '.' || (char.IsDigit(wanted[^1]) && char.IsDigit(text[end + 1]))));
    }

    private static bool IsSign(char c) => c is '-' or '+';

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static bool IsIdeograph(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7AF') or (>= '\uF900' and <= '\uFAFF');
}

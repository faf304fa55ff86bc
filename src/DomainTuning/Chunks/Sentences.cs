using System.Buffers;

namespace DomainTuning.Chunks;

/// <summary>
/// Where sentences end. Rules, no model: a line feed always ends one; . ! ? … end one before white space unless the word in front is an abbreviation,
/// an initial or a list number, or the next word goes on in lower case; 。！？ end one anywhere. Decimals and codes (G33.1) have no space after the dot, so they hold together.
/// </summary>
public static class Sentences
{
    private const string Closers = "\"'”’»)]}」』）》】";

    /// <summary>Never the end of a sentence.</summary>
    private static readonly HashSet<string> Binding = new(StringComparer.OrdinalIgnoreCase)
    {
        "e.g", "i.e", "eg", "ie", "cf", "viz", "vs", "v", "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "col", "capt", "lt", "rev", "hon", "messrs",
        "fig", "figs", "eq", "eqs", "sec", "sect", "ch", "chap", "vol", "vols", "art", "arts", "para", "paras", "ref", "refs", "tab", "app", "approx", "ca", "resp", "incl", "excl", "al",
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov", "dec", "z.b", "d.h", "bzw", "ggf", "p.ex",
    };

    /// <summary>An abbreviation only before a number: "No. 5", "p. 12".</summary>
    private static readonly HashSet<string> BindingBeforeNumber = new(StringComparer.OrdinalIgnoreCase)
    {
        "no", "nos", "nr", "p", "pp", "pg", "pt", "pts", "ed", "rev", "ver", "ser", "item", "sep",
    };

    /// <summary>May end a sentence; they do when the next word usually opens one.</summary>
    private static readonly HashSet<string> Ambiguous = new(StringComparer.OrdinalIgnoreCase)
    {
        "inc", "ltd", "co", "corp", "bros", "llc", "etc", "u.s", "u.k", "u.s.a", "e.u", "u.n", "a.m", "p.m", "ph.d", "min", "max", "dept", "est", "ext", "temp",
    };

    private static readonly HashSet<string> Openers = new(StringComparer.Ordinal)
    {
        "The", "This", "That", "These", "Those", "It", "Its", "If", "In", "A", "An", "When", "While", "We", "You", "He", "She", "They", "There", "Then", "For", "On", "At", "As", "By", "To",
        "No", "Not", "All", "Any", "Each", "Every", "Some", "Such", "Use", "Do", "See", "Note", "However", "But", "And", "Or", "So", "After", "Before", "With", "Without", "From", "Our", "Your", "My",
    };

    private static readonly SearchValues<char> Enders = SearchValues.Create("\n.!?…。！？．");

    /// <summary>The sentences of a text in order, without white space around them. Every character that is not white space lies in exactly one.</summary>
    public static IReadOnlyList<Range> Split(string text)
    {
        var sentences = new List<Range>();
        var start = 0;
        for (var at = NextEnder(text, 0); at >= 0; at = NextEnder(text, at))
        {
            var end = text[at] == '\n' ? at : AfterEnd(text, at);
            if (text[at] == '\n' || Ends(text, start, at, end))
            {
                Add(text, start, end, sentences);
                start = end;
            }

            at = Math.Max(end, at + 1);
        }

        Add(text, start, text.Length, sentences);
        return sentences;
    }

    private static int NextEnder(string text, int from)
    {
        if (from >= text.Length) return -1;
        var found = text.AsSpan(from).IndexOfAny(Enders);
        return found < 0 ? -1 : from + found;
    }

    /// <summary>Behind a run of end marks ("?!", "...") and the quotes and brackets that close with it.</summary>
    private static int AfterEnd(string text, int at)
    {
        while (at < text.Length && text[at] is '.' or '!' or '?' or '…' or '。' or '！' or '？' or '．') at++;
        while (at < text.Length && Closers.Contains(text[at], StringComparison.Ordinal)) at++;
        return at;
    }

    private static bool Ends(string text, int start, int at, int end)
    {
        if (text[at] is '。' or '！' or '？' or '．') return true;
        if (end < text.Length && !char.IsWhiteSpace(text[end])) return IsIdeograph(text[end]) && text[at] != '.';
        var next = end;
        while (next < text.Length && char.IsWhiteSpace(text[next])) next++;
        if (next == text.Length) return true;

        // A mark that stands alone is a leader ("Contents . . . . 5"), not an end.
        if (at == 0 || char.IsWhiteSpace(text[at - 1])) return false;
        if (text[at] is '!' or '?') return !char.IsLower(text[next]) || text[end - 1] is '!' or '?';
        if (char.IsLower(text[next])) return false;
        return text[at] == '…' || (end - at > 1 && text[at + 1] == '.') || !IsAbbreviation(text, start, at, next);
    }

    private static bool IsAbbreviation(string text, int start, int dot, int next)
    {
        var from = dot;
        while (from > start && !char.IsWhiteSpace(text[from - 1]) && text[from - 1] is not ('(' or '[' or '"' or '“' or '‘' or '/')) from--;
        var word = text[from..dot];
        var opensSentence = text.AsSpan(start, from - start).Trim().Length == 0;
        if (opensSentence && IsListNumber(word)) return true;
        if (Binding.Contains(word)) return true;
        if (BindingBeforeNumber.Contains(word)) return char.IsDigit(text[next]);
        if (Ambiguous.Contains(word)) return !Openers.Contains(NextWord(text, next));
        return word.Length == 1 && char.IsUpper(word[0]) && word[0] != 'I' && IsName(text, from, next);
    }

    /// <summary>"1", "12", "3.2", "a", "B", "iv" at the head of a sentence.</summary>
    private static bool IsListNumber(string word) =>
        word.Length is > 0 and <= 8
        && (word.All(c => char.IsAsciiDigit(c) || c == '.')
            || (word.Length == 1 && char.IsAsciiLetter(word[0]))
            || word.All(c => c is 'i' or 'v' or 'x'));

    /// <summary>"J. Smith": an initial before a capitalised word that does not usually open a sentence. A unit ("5 A. The") is none.</summary>
    private static bool IsName(string text, int from, int next) =>
        char.IsUpper(text[next]) && !Openers.Contains(NextWord(text, next)) && !(from >= 2 && char.IsDigit(text[from - 2]));

    private static string NextWord(string text, int next)
    {
        var end = next;
        while (end < text.Length && char.IsLetter(text[end])) end++;
        return text[next..end];
    }

    private static bool IsIdeograph(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF');

    private static void Add(string text, int start, int end, List<Range> sentences)
    {
        while (start < end && char.IsWhiteSpace(text[start])) start++;
        while (end > start && char.IsWhiteSpace(text[end - 1])) end--;
        if (end > start) sentences.Add(start..end);
    }
}

using System.Globalization;
using System.Text;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering.Words;

internal enum TermKind
{
    Word,

    /// <summary>Digits with at most a sign and decimals: "0.1", "-1", "2147483647".</summary>
    Number,

    /// <summary>A name that no dictionary has: letters with digits or underscores ("G43.2", "HOME_SEQUENCE", "7I76E").</summary>
    Code,
}

/// <summary>A word as answering compares it: folded (NFKC, lower case) and, when it is a word, stemmed; the range it came from in the text.</summary>
internal readonly record struct Term(string Key, TermKind Kind, bool IsStopWord, int Start, int Length)
{
    /// <summary>Carries meaning: everything but stop words.</summary>
    public bool IsContent => !IsStopWord;

    /// <summary>All terms of a text, in order.</summary>
    public static IReadOnlyList<Term> Of(string text)
    {
        var terms = new List<Term>();
        for (var i = 0; i < text.Length;)
        {
            if (IsIdeograph(text[i])) AddIdeographs(text, ref i, terms);
            else if (IsWordPart(text[i])) AddWord(text, ref i, terms);
            else i++;
        }

        return terms;
    }

    /// <summary>The keys of the terms that carry meaning.</summary>
    public static HashSet<string> ContentKeys(string text) => [.. Of(text).Where(term => term.IsContent).Select(term => term.Key)];

    /// <summary>English words by Porter's rules; a word with anything but a to z in it stays as it is.</summary>
    public static string Stem(string folded) => folded.AsSpan().ContainsAnyExceptInRange('a', 'z') ? folded : PorterStemmer.Stem(folded);

    private static void AddWord(string text, ref int i, List<Term> terms)
    {
        var start = i;
        while (i < text.Length && ((IsWordPart(text[i]) && !IsIdeograph(text[i])) || JoinsNumber(text, start, i) || JoinsWord(text, i))) i++;
        if (start > 0 && text[start - 1] is '-' or '\u2212' or '+' && char.IsAsciiDigit(text[start]) && (start == 1 || !IsWordPart(text[start - 2]))) start--;

        // "10mm" and "10 mm" are the same two terms.
        var split = UnitStart(text, start, i);
        if (split < i)
        {
            Add(text, start, split, terms);
            start = split;
        }

        Add(text, start, i, terms);
    }

    private static void Add(string text, int start, int end, List<Term> terms)
    {
        var folded = Fold(text[start..end]);
        var kind = KindOf(folded);
        var key = kind switch
        {
            TermKind.Number => NumberKey(folded),
            TermKind.Code => folded,
            _ => Stem(folded),
        };
        terms.Add(new Term(key, kind, kind == TermKind.Word && StopWords.Contains(folded), start, end - start));
    }

    private static int UnitStart(string text, int start, int end)
    {
        var unit = end;
        while (unit > start && char.IsLetter(text[unit - 1])) unit--;
        return unit > start && unit < end && char.IsAsciiDigit(text[unit - 1]) && !text.AsSpan(start, unit - start).ContainsAnyInRange('A', 'z') && Units.IsSymbol(Fold(text[unit..end])) ? unit : end;
    }

    /// <summary>Chinese and Japanese have no spaces: pairs of neighbours stand for words, a lone sign for itself.</summary>
    private static void AddIdeographs(string text, ref int i, List<Term> terms)
    {
        var start = i;
        while (i < text.Length && IsIdeograph(text[i])) i++;
        if (i - start == 1) terms.Add(new Term(text[start..i], TermKind.Word, false, start, 1));
        for (var j = start; j + 1 < i; j++) terms.Add(new Term(text.Substring(j, 2), TermKind.Word, false, j, 2));
    }

    private static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c == '_' || char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark;

    private static bool IsIdeograph(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u4DBF') or (>= '\u4E00' and <= '\u9FFF');

    /// <summary>"43.2", "1,000" and "G43.2" are one term; the full stop after "43." is not part of it.</summary>
    private static bool JoinsNumber(string text, int start, int i) =>
        i > start && text[i] is '.' or ',' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]) && char.IsAsciiDigit(text[i - 1]);

    /// <summary>"isn't" is one term, with either apostrophe.</summary>
    private static bool JoinsWord(string text, int i) =>
        text[i] is '\'' or '\u2019' && i > 0 && char.IsLetter(text[i - 1]) && i + 1 < text.Length && text[i + 1] is 't' or 'T'
        && (i + 2 == text.Length || !char.IsLetterOrDigit(text[i + 2]));

    private static string Fold(string word) =>
        Ascii.IsValid(word) ? word.ToLowerInvariant() : word.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Replace('\u2019', '\'').Replace('\u2212', '-');

    private static TermKind KindOf(string folded)
    {
        var (digits, letters, underscores) = (false, false, false);
        foreach (var c in folded)
        {
            digits |= char.IsDigit(c);
            letters |= char.IsLetter(c);
            underscores |= c == '_';
        }

        return digits && !letters && !underscores ? TermKind.Number : (digits && letters) || underscores ? TermKind.Code : TermKind.Word;
    }

    /// <summary>"1,000" = "1000", "6,69" = "6.69", "0.50" = "0.5": a comma before exactly three digits separates thousands, any other one decimals.</summary>
    private static string NumberKey(string folded)
    {
        var key = new StringBuilder(folded.Length);
        for (var i = 0; i < folded.Length; i++)
        {
            if (folded[i] != ',') key.Append(folded[i]);
            else if (!IsThousands(folded, i)) key.Append('.');
        }

        var text = key.ToString().TrimStart('+');
        return text.Contains('.', StringComparison.Ordinal) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < 1e15
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : text;
    }

    private static bool IsThousands(string folded, int comma)
    {
        var run = 0;
        while (comma + 1 + run < folded.Length && char.IsAsciiDigit(folded[comma + 1 + run])) run++;
        return run == 3;
    }
}

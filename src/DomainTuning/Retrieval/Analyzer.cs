using System.Globalization;
using System.Text;

namespace DomainTuning.Retrieval;

/// <summary>What a text is searched by.</summary>
/// <param name="Terms">In order, with repeats.</param>
/// <param name="Fallbacks">Stop words and single ideographs, marked by <see cref="Analyzer.FallbackMark"/>: they count only for a query that has nothing else.</param>
public sealed record AnalyzedText(IReadOnlyList<string> Terms, IReadOnlyList<string> Fallbacks)
{
    /// <summary>What a query with this text looks for.</summary>
    public IReadOnlyList<string> QueryTerms => Terms.Count > 0 ? Terms : Fallbacks;
}

/// <summary>
/// Turns text into the terms that BM25 counts. Folded (NFKC, lower case, accents dropped), cut at everything that is neither letter nor digit, without the 33 stop words of Lucene, English words stemmed by Porter.
/// Two things more than usual, because manuals need them: a code (G33.1, HOME_ABSOLUTE_ENCODER, M62-63) is found by its parts and, better, as a whole;
/// Chinese, Japanese and Korean runs, which have no spaces, become pairs of neighbouring characters.
/// </summary>
public static class Analyzer
{
    public const char FallbackMark = '~';

    /// <summary>Longer terms are cut: nobody types them, and they would fill an index (base64, keys).</summary>
    private const int LongestTerm = 64;

    /// <summary>Lucene's English stop words.</summary>
    public static IReadOnlySet<string> StopWords { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there",
        "these", "they", "this", "to", "was", "will", "with",
    };

    public static AnalyzedText Analyze(string text)
    {
        text = Fold(text);
        var terms = new List<string>();
        var fallbacks = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = EndOfWord(text, at);
            if (end == at)
            {
                at++;
                continue;
            }

            if (IsIdeographic(text[at])) AddPairs(text.AsSpan(at, end - at), terms, fallbacks);
            else
            {
                AddWord(text[at..end], terms, fallbacks);
                if (StartsCode(text, at) && EndOfCode(text, at) is var code && code > end && HasCodeMark(text.AsSpan(at, code - at))) terms.Add(Cut(text[at..code]));
            }

            at = end;
        }

        return new AnalyzedText(terms, fallbacks);
    }

    /// <summary>NFKC in lower case without accents, so that µ (U+00B5) finds μ (U+03BC), ﬁ finds fi, and "Vorschübe" finds "Vorschube".</summary>
    private static string Fold(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var bare = new StringBuilder(text.Length);
        foreach (var c in Whole(text).Normalize(NormalizationForm.FormKD))
            if (c is < '\u0300' or > '\u036F') bare.Append(c);
        return bare.ToString().Normalize(NormalizationForm.FormKC).ToLowerInvariant();
    }

    /// <summary>Normalising throws on half a surrogate pair; here it becomes U+FFFD.</summary>
    private static string Whole(string text)
    {
        StringBuilder? whole = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else (whole ??= new StringBuilder(text))[i] = '\uFFFD';
        }

        return whole?.ToString() ?? text;
    }

    /// <summary>A word is a run of letters, digits and marks that is either ideographic or not.</summary>
    private static int EndOfWord(string text, int at)
    {
        var end = at;
        var ideographic = IsIdeographic(text[at]);
        while (end < text.Length && IsIdeographic(text[end]) == ideographic && WordLength(text, end) is var length and > 0) end += length;
        return end;
    }

    private static int WordLength(string text, int at)
    {
        if (char.IsAsciiLetterOrDigit(text[at])) return 1;
        if (char.IsAscii(text[at])) return 0;
        return CharUnicodeInfo.GetUnicodeCategory(text, at) switch
        {
            <= UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => char.IsSurrogatePair(text, at) ? 2 : 1,
            _ => 0,
        };
    }

    private static void AddWord(string word, List<string> terms, List<string> fallbacks)
    {
        if (StopWords.Contains(word)) fallbacks.Add(FallbackMark + word);
        else if (Ascii.IsValid(word) && PorterStemmer.Stem(Cut(word)) is { Length: > 0 } stem) terms.Add(stem);
        else terms.Add(Cut(word));
    }

    private static void AddPairs(ReadOnlySpan<char> run, List<string> terms, List<string> fallbacks)
    {
        var runes = new List<string>();
        foreach (var rune in run.EnumerateRunes()) runes.Add(rune.ToString());
        for (var i = 0; i + 1 < runes.Count; i++) terms.Add(runes[i] + runes[i + 1]);
        foreach (var rune in runes) fallbacks.Add(FallbackMark + rune);
    }

    /// <summary>True where no joined word stands in front, so that a code is added once.</summary>
    private static bool StartsCode(string text, int at) => at < 2 || !IsJoin(text, at - 1);

    private static int EndOfCode(string text, int at)
    {
        var end = EndOfWord(text, at);
        while (end < text.Length && IsJoin(text, end)) end = EndOfWord(text, end + 1);
        return end;
    }

    private static bool IsJoin(string text, int at) =>
        text[at] is '.' or '_' or '-' && at > 0 && at + 1 < text.Length && char.IsAsciiLetterOrDigit(text[at - 1]) && char.IsAsciiLetterOrDigit(text[at + 1]);

    /// <summary>"G33.1", "a_b", "M62-63" are codes; "boundary-layer" and "end.Next" are words.</summary>
    private static bool HasCodeMark(ReadOnlySpan<char> joined) => joined.Contains('_') || joined.ContainsAnyInRange('0', '9');

    private static bool IsIdeographic(char c) =>
        c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u4DBF') or (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7AF') or (>= '\uF900' and <= '\uFAFF')
            or (>= '\uD840' and <= '\uD88F');

    private static string Cut(string term) => term.Length <= LongestTerm ? term : term[..(char.IsHighSurrogate(term[LongestTerm - 1]) ? LongestTerm - 1 : LongestTerm)];
}

using DomainTuning.Answering.Words;
using DomainTuning.Chunks;

namespace DomainTuning.Answering;

/// <summary>
/// Whether a quote says what a sentence says, as far as words can tell: nearly all content words of the sentence stand in the quote (a few may come from
/// the question or the headings above the quote), one of them answers and is not the question's, every number and unit stands in the quote, every code in
/// quote, headings or question, no word with an opposite (off, maximum, before …) is the sentence's own, and both deny or neither does. The same rule for every model. It does not see who does what to whom:
/// "A drives B" and "B drives A" are one bag of words.
/// </summary>
internal static class SupportRule
{
    /// <summary>The least share of the sentence's content words found in quote, headings and question together.</summary>
    private const double KnownShare = 0.8;

    /// <summary>The least share found in the quote itself: a sentence that only gives the question back says nothing.</summary>
    private const double QuotedShare = 0.5;

    private static readonly HashSet<string> Denials = Stems(
        """
        not no never none nothing neither nor cannot without unable impossible unsupported unimplemented isn't aren't wasn't weren't don't doesn't didn't
        can't couldn't won't wouldn't shouldn't mustn't hasn't haven't hadn't
        """);

    /// <summary>Swapping one of these for another of its line leaves every other word right.</summary>
    private static readonly HashSet<string>[] Opposites =
    [
        Stems("before after"), Stems("above below"), Stems("more less fewer"), Stems("first last"), Stems("left right"), Stems("input output"), Stems("high low"),
        Stems("higher lower"), Stems("top bottom"), Stems("start stop begin end"), Stems("open close"), Stems("enable disable"), Stems("active inactive"),
        Stems("true false"), Stems("increase decrease"), Stems("maximum minimum"), Stems("max min"), Stems("upper lower"), Stems("positive negative"),
        Stems("clockwise counterclockwise anticlockwise"), Stems("cw ccw"), Stems("forward backward reverse"), Stems("absolute relative incremental"),
        Stems("always never sometimes"), Stems("allow forbid"), Stems("ascending descending"), Stems("add remove"), Stems("lock unlock"), Stems("push pull"),
        Stems("optional required mandatory"), Stems("internal external"), Stems("horizontal vertical"), Stems("rising falling"), Stems("local global"),
    ];

    /// <summary>The same for small words that mostly mean nothing: only a plain swap counts.</summary>
    private static readonly HashSet<string>[] LooseOpposites = [Stems("on off"), Stems("in out"), Stems("up down"), Stems("over under"), Stems("with without"), Stems("set clear"), Stems("read write")];

    private static readonly HashSet<string> Polar = [.. Opposites.SelectMany(line => line)];

    /// <param name="headings">The headings above the quote; empty when there are none.</param>
    public static bool Supports(string quote, string headings, string question, string sentence)
    {
        var own = Term.Of(sentence);
        var content = own.Where(term => term.IsContent && !Denials.Contains(term.Key)).DistinctBy(term => term.Key).ToList();
        if (content.Count < 2) return false;

        var quoted = Term.Of(quote).Select(term => term.Key).ToHashSet(StringComparer.Ordinal);
        var around = Term.ContentKeys(headings + "\n" + question);
        var asked = Term.ContentKeys(question);
        var (known, held, news) = (0, 0, false);
        foreach (var term in content)
        {
            var isQuoted = quoted.Contains(term.Key);
            var isKnown = isQuoted || around.Contains(term.Key);
            if (term.Kind == TermKind.Number && !isQuoted) return false;
            if (term.Kind == TermKind.Code && !isKnown) return false;
            if (!isQuoted && (Polar.Contains(term.Key) || Units.IsKey(term.Key))) return false;
            if (isKnown) known++;
            if (isQuoted) held++;
            news |= isQuoted && !asked.Contains(term.Key);
        }

        return news && known >= KnownShare * content.Count && held >= QuotedShare * content.Count
            && !Swaps(own, quoted) && SameDenial(quote, content, IsDenial(own));
    }

    private static bool Swaps(IReadOnlyList<Term> own, HashSet<string> quoted) =>
        own.Any(term => !quoted.Contains(term.Key) && LooseOpposites.Any(line => line.Contains(term.Key) && line.Overlaps(quoted)));

    /// <summary>Compares with the quote's sentence that shares most words: a denial elsewhere in the quote is another statement.</summary>
    private static bool SameDenial(string quote, List<Term> content, bool denies)
    {
        var keys = content.Select(term => term.Key).ToHashSet(StringComparer.Ordinal);
        var closest = Sentences.Split(quote).Select(range => Term.Of(quote[range])).MaxBy(terms => terms.Select(term => term.Key).Distinct().Count(keys.Contains));
        return closest is not null && IsDenial(closest) == denies;
    }

    private static bool IsDenial(IReadOnlyList<Term> terms) => terms.Count(term => Denials.Contains(term.Key)) % 2 == 1;

    private static HashSet<string> Stems(string words) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Term.Stem).ToHashSet(StringComparer.Ordinal);
}

using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering.Quotes;

/// <summary>A stretch of one passage, on one page, that could answer by itself.</summary>
internal sealed record QuoteCandidate(RankedChunk Passage, int Page, int Start, int Length, Box Near)
{
    public string Text { get; } = Passage.Chunk.Text.Substring(Start, Length);

    /// <summary>All candidates of a passage: lines of tables and code, sentences, pairs of short sentences, windows of long ones, and what a lead-in introduces.</summary>
    public static IEnumerable<QuoteCandidate> Of(RankedChunk passage, QuoteLengths lengths)
    {
        var text = passage.Chunk.Text;
        var parts = passage.Chunk.Parts;
        var previous = (Page: 0, Unit: default((int Start, int Length)));
        foreach (var part in parts)
        {
            var units = Units(text, part);
            for (var i = 0; i < units.Count; i++)
            {
                foreach (var (start, length) in Windows(text, units, i, lengths)) yield return Candidate(part.Page, start, length, part.Box);

                // A block's first unit also stands with the last one before it: "It is an error if:" and its first item, a label and its text.
                var whole = units[i].Start + units[i].Length - previous.Unit.Start;
                if (i == 0 && previous.Page == part.Page && Words(text, previous.Unit.Start, whole) <= lengths.MaxWords)
                    yield return Candidate(part.Page, previous.Unit.Start, whole, part.Box);
            }

            // A lead-in and the whole of what it introduces, when that is short.
            if (units.Count > 1 && previous.Page == part.Page && EndsInColon(text, previous.Unit))
            {
                var whole = units[^1].Start + units[^1].Length - previous.Unit.Start;
                if (Words(text, previous.Unit.Start, whole) <= lengths.MaxWords) yield return Candidate(part.Page, previous.Unit.Start, whole, part.Box);
            }

            if (units.Count > 0) previous = (part.Page, units[^1]);
        }

        QuoteCandidate Candidate(int page, int start, int length, Box box) => new(passage, page, start, length, box);
    }

    /// <summary>A block's lines when it has several (table, code, list), its sentences otherwise.</summary>
    private static List<(int Start, int Length)> Units(string text, ChunkPart part)
    {
        var body = text.Substring(part.Start, part.Length);
        var units = body.Contains('\n', StringComparison.Ordinal) ? Lines(body) : Sentences.Split(body).Select(range => range.GetOffsetAndLength(body.Length));
        return [.. units.Select(unit => Trim(text, part.Start + unit.Item1, unit.Item2)).Where(unit => unit.Length > 0)];
    }

    private static IEnumerable<(int Start, int Length)> Lines(string body)
    {
        for (int start = 0, end; start <= body.Length; start = end + 1)
        {
            end = body.IndexOf('\n', start);
            if (end < 0) end = body.Length;
            yield return (start, end - start);
        }
    }

    /// <summary>The unit itself, or windows of it when it is too long; then the unit with its successor, when both are short.</summary>
    private static IEnumerable<(int Start, int Length)> Windows(string text, List<(int Start, int Length)> units, int i, QuoteLengths lengths)
    {
        var (start, length) = units[i];
        var words = WordRanges(text, start, length);
        if (words.Count <= lengths.MaxWords)
        {
            yield return (start, length);
            if (i + 1 == units.Count) yield break;
            var pair = units[i + 1].Start + units[i + 1].Length - start;
            if (Words(text, start, pair) <= lengths.MaxWords) yield return (start, pair);
            yield break;
        }

        for (var first = 0; ; first += lengths.WindowWords / 2)
        {
            var last = Math.Min(first + lengths.WindowWords, words.Count) - 1;
            yield return (words[first].Start, words[last].End - words[first].Start);
            if (last == words.Count - 1) yield break;
        }
    }

    private static bool EndsInColon(string text, (int Start, int Length) unit) => unit.Length > 0 && text[unit.Start + unit.Length - 1] == ':';

    private static (int Start, int Length) Trim(string text, int start, int length)
    {
        while (length > 0 && char.IsWhiteSpace(text[start])) (start, length) = (start + 1, length - 1);
        while (length > 0 && char.IsWhiteSpace(text[start + length - 1])) length--;
        return (start, length);
    }

    private static int Words(string text, int start, int length) => WordRanges(text, start, length).Count;

    private static List<(int Start, int End)> WordRanges(string text, int start, int length)
    {
        var words = new List<(int, int)>();
        for (var i = start; i < start + length;)
        {
            while (i < start + length && char.IsWhiteSpace(text[i])) i++;
            var first = i;
            while (i < start + length && !char.IsWhiteSpace(text[i])) i++;
            if (i > first) words.Add((first, i));
        }

        return words;
    }
}

/// <summary>How long a quote may be, in words between white space.</summary>
internal readonly record struct QuoteLengths(int MaxWords, int WindowWords);

using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>
/// Cuts a block that is too long for a chunk: tables between rows with the first row repeated, code between lines, other text at sentence ends with overlap;
/// inside a sentence only where one alone is too long, inside a word only where that is.
/// </summary>
internal sealed class BlockCutter(int overlapTokens, Func<string, int> countTokens)
{
    /// <summary>Tokens of the pieces into which an endless sentence falls, at least; finer ones would only cost counting.</summary>
    private const int FinestGroup = 16;

    /// <summary>The block's text as the contents of successive chunks.</summary>
    /// <param name="first">Room in the chunk that is already open; the first content is empty when nothing fits there.</param>
    /// <param name="budget">Room in a chunk of its own.</param>
    public List<List<Piece>> Cut(Piece whole, int first, int budget)
    {
        var header = whole.Block.Kind == BlockKind.Table ? HeaderRow(whole, budget) : null;
        var room = budget - (header?.Tokens + 1 ?? 0);
        var units = Units(whole, room);
        var overlaps = whole.Block.Kind is not (BlockKind.Table or BlockKind.Code);
        var contents = new List<List<Piece>>();
        if (first < budget && units[0].Tokens > first) contents.Add([]);
        for (var at = 0; at < units.Count;)
        {
            var limit = contents.Count > 0 ? room : Math.Min(first, room);
            var from = overlaps && contents.Count > 0 ? WithOverlap(units, at, limit) : at;
            var (end, tokens) = (from, 0);
            while (end < units.Count && (end <= at || tokens + units[end].Tokens <= limit)) tokens += units[end++].Tokens;
            var part = new Piece(whole.Block, units[from].Start, units[end - 1].Start + units[end - 1].Length - units[from].Start, tokens);
            contents.Add(header is { } row && from > 0 ? [row, part] : [part]);
            at = end;
        }

        return contents;
    }

    /// <summary>The last sentence of a text, where it is short enough to be repeated before what follows it.</summary>
    public Piece? LastSentence(Piece whole)
    {
        if (overlapTokens == 0) return null;
        if (whole.Tokens <= overlapTokens) return whole;
        var last = Counted(whole.Block, Sentences.Split(whole.Text.ToString())[^1], whole.Start);
        return last.Tokens <= overlapTokens ? last : null;
    }

    /// <summary>The first unit to repeat before <paramref name="at"/>: the overlap leaves room for the unit itself.</summary>
    private int WithOverlap(List<Piece> units, int at, int limit)
    {
        var from = at;
        var tokens = 0;
        while (from > 0 && tokens + units[from - 1].Tokens <= Math.Min(overlapTokens, limit - units[at].Tokens)) tokens += units[--from].Tokens;
        return from;
    }

    private Piece? HeaderRow(Piece table, int budget)
    {
        var length = table.Text.IndexOf('\n');
        if (length <= 0) return null;
        var row = Counted(table.Block, 0..length, table.Start);
        return row.Tokens <= budget / 3 ? row : null;
    }

    /// <summary>What is not torn: rows, lines or sentences, in order; longer ones in pieces of at most <paramref name="room"/> tokens.</summary>
    private List<Piece> Units(Piece whole, int room)
    {
        var text = whole.Text.ToString();
        var ranges = whole.Block.Kind is BlockKind.Table or BlockKind.Code ? Lines(text) : Sentences.Split(text);
        var units = new List<Piece>();
        foreach (var range in ranges)
        {
            var unit = Counted(whole.Block, range, whole.Start);
            if (unit.Tokens <= room) units.Add(unit);
            else AddWords(unit, room, units);
        }

        return units;
    }

    private static List<Range> Lines(string text)
    {
        var lines = new List<Range>();
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOf('\n');
            var end = length < 0 ? text.Length : start + length;
            if (!text.AsSpan(start, end - start).IsWhiteSpace()) lines.Add(start..end);
            start = end + 1;
        }

        return lines;
    }

    private void AddWords(Piece sentence, int room, List<Piece> units)
    {
        var group = Math.Min(room, Math.Max(FinestGroup, overlapTokens / 2));
        var end = sentence.Start + sentence.Length;
        Piece? open = null;
        for (var at = sentence.Start; at < end;)
        {
            var wordEnd = at;
            while (wordEnd < end && !char.IsWhiteSpace(sentence.Block.Text[wordEnd])) wordEnd++;
            foreach (var word in Halved(Counted(sentence.Block, at..wordEnd, 0), group))
            {
                if (open is { } before && before.Tokens + word.Tokens <= group)
                {
                    open = before with { Length = word.Start + word.Length - before.Start, Tokens = before.Tokens + word.Tokens };
                    continue;
                }

                if (open is { } full) units.Add(full);
                open = word;
            }

            at = wordEnd;
            while (at < end && char.IsWhiteSpace(sentence.Block.Text[at])) at++;
        }

        if (open is { } last) units.Add(last);
    }

    /// <summary>A word as it is, or in halves of halves where it is longer than <paramref name="room"/>.</summary>
    private IEnumerable<Piece> Halved(Piece word, int room)
    {
        if (word.Tokens <= room || word.Length < 2) return [word];
        var half = Middle(word.Block.Text, word.Start, word.Length);
        if (half == word.Start) return [word];
        return Halved(Counted(word.Block, word.Start..half, 0), room).Concat(Halved(Counted(word.Block, half..(word.Start + word.Length), 0), room));
    }

    /// <summary>The middle of a range, not inside a surrogate pair.</summary>
    internal static int Middle(string text, int start, int length)
    {
        var middle = start + (length / 2);
        return middle > start && char.IsLowSurrogate(text[middle]) && char.IsHighSurrogate(text[middle - 1]) ? middle - 1 : middle;
    }

    private Piece Counted(Block block, Range range, int offset)
    {
        var (start, length) = range.GetOffsetAndLength(block.Text.Length);
        start += offset;
        return new Piece(block, start, length, countTokens(block.Text.Substring(start, length)));
    }
}

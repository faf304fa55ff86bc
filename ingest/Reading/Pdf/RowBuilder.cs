namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Words become rows of segments: gathered by baseline, mended where a word was drawn in pieces, parted at wide gaps.</summary>
internal static class RowBuilder
{
    /// <summary>In font sizes: a wider gap on one line parts columns or cells.</summary>
    private const double SegmentGap = 1.0;

    public static List<TextRow> Build(List<Word> words)
    {
        var lines = GatherByBaseline(words);
        AttachScripts(lines);
        var rows = new List<TextRow>(lines.Count);
        foreach (var line in lines)
        {
            line.Sort((a, b) => a.Left.CompareTo(b.Left));
            var mended = Mend(line);
            rows.Add(new TextRow(Part(mended)));
        }

        rows.Sort((a, b) => a.Baseline.CompareTo(b.Baseline));
        return rows;
    }

    /// <summary>Parts an already mended line again; table cells use it with their own words.</summary>
    public static List<Segment> Part(List<Word> line)
    {
        var segments = new List<Segment>();
        var current = new List<Word> { line[0] };
        for (var i = 1; i < line.Count; i++)
        {
            var gap = line[i].Left - line[i - 1].Right;
            var em = Math.Max(line[i].Size, line[i - 1].Size);
            var afterMarker = current.Count == 1 && ListMarker.Is(current[0].Text);
            if (gap > (afterMarker ? 3 : SegmentGap) * em)
            {
                segments.Add(Close(current));
                current = [];
            }

            current.Add(line[i]);
        }

        segments.Add(Close(current));
        return segments;
    }

    private static Segment Close(List<Word> words) => new(RightToLeft.IsMainlyRightToLeft(words) ? RightToLeft.Reorder(words) : words);

    private static List<List<Word>> GatherByBaseline(List<Word> words)
    {
        var lines = new List<List<Word>>();
        var sorted = words.OrderBy(word => word.Baseline).ToList(); // stable: content order within a baseline
        List<Word>? line = null;
        double baseline = 0, size = 0;
        foreach (var word in sorted)
        {
            if (line is null || word.Baseline - baseline > 0.2 * Math.Min(size, word.Size))
            {
                lines.Add(line = []);
                (baseline, size) = (word.Baseline, word.Size);
            }

            line.Add(word);
            size = Math.Max(size, word.Size);
        }

        return lines;
    }

    /// <summary>Superscripts, subscripts and small caps' remains join the line whose word they touch.</summary>
    private static void AttachScripts(List<List<Word>> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            for (var w = line.Count - 1; w >= 0; w--)
            {
                var script = line[w];
                if (!Host(i - 1, script, out var host) && !Host(i + 1, script, out host) && !Host(i + 2, script, out host)) continue;
                lines[host].Add(script);
                line.RemoveAt(w);
            }
        }

        lines.RemoveAll(line => line.Count == 0);

        bool Host(int index, Word script, out int host)
        {
            host = index;
            if (index < 0 || index >= lines.Count) return false;
            foreach (var word in lines[index])
            {
                if (script.Size > 0.85 * word.Size || Math.Abs(script.Baseline - word.Baseline) > 0.6 * word.Size) continue;
                if (Touch(word, script)) return true;
            }

            return false;
        }

        static bool Touch(Word word, Word script) =>
            (script.Left > word.Right - 0.2 * word.Size && script.Left < word.Right + 0.25 * word.Size) ||
            (word.Left > script.Right - 0.2 * word.Size && word.Left < script.Right + 0.25 * word.Size);
    }

    /// <summary>Glues neighbours with no gap between them, and letters set with extra tracking ("T I T L E").</summary>
    private static List<Word> Mend(List<Word> line)
    {
        var mended = new List<Word>(line.Count);
        for (var i = 0; i < line.Count; i++)
        {
            var word = line[i];
            if (mended.Count > 0 && BelongTogether(mended[^1], line[i - 1], word)) mended[^1].Add(word);
            else mended.Add(word);
        }

        return Untrack(mended);
    }

    private static bool BelongTogether(Word mended, Word left, Word right)
    {
        var em = Math.Min(left.Size, right.Size);
        var gap = right.Left - mended.Right;
        if (right.SpaceBefore && right.Order == left.Order + 1) return false;
        if (left.SpaceBefore && left.Order == right.Order + 1) return false; // right-to-left: the space was printed between them
        if (gap > WordBuilder.WordGap * em) return false;
        if (gap < -0.1 * em && (left.Face != right.Face || gap < -0.5 * em)) return false;
        return true;
    }

    private static List<Word> Untrack(List<Word> words)
    {
        // A line that is letters throughout is tracked throughout: its short words cannot be told by themselves.
        var single = words.Count(word => word.Glyphs.Count == 1 && char.IsLetter(word.Text[0]) && !GlyphText.IsCjk(word.Text[0]));
        if (single >= 8 && single >= 0.6 * words.Count)
        {
            var between = words.Zip(words.Skip(1)).Where(pair => pair.First.Glyphs.Count == 1 && pair.Second.Glyphs.Count == 1)
                .Select(pair => pair.Second.Left - pair.First.Right).Order().ToList();
            var typical = between.Count == 0 ? 0 : between[between.Count / 3];
            return typical < 0.4 * words[0].Size ? Glue(words, 0, words.Count - 1, 1.6 * typical) : words;
        }

        for (var start = 0; start < words.Count; start++)
        {
            var end = start;
            while (end + 1 < words.Count && IsTracked(words[end], words[end + 1])) end++;
            if (end - start < 3) continue;

            var gaps = Enumerable.Range(start, end - start).Select(i => words[i + 1].Left - words[i].Right).Order().ToList();
            words = Glue(words, start, end, 1.5 * gaps[gaps.Count / 3]);
        }

        return words;
    }

    private static List<Word> Glue(List<Word> words, int start, int end, double limit)
    {
        var result = words.Take(start + 1).ToList();
        for (var i = start + 1; i < words.Count; i++)
        {
            if (i <= end && !words[i].SpaceBefore && words[i].Left - result[^1].Right <= limit) result[^1].Add(words[i]);
            else result.Add(words[i]);
        }

        return result;
    }

    private static bool IsTracked(Word left, Word right) =>
        left.Glyphs.Count == 1 && right.Glyphs.Count == 1 && !right.SpaceBefore && char.IsLetter(left.Text[0]) && char.IsLetter(right.Text[0])
        && right.Left - left.Right < 0.3 * right.Size && !GlyphText.IsCjk(left.Text[0]);
}

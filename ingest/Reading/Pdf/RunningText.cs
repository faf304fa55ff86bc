using System.Globalization;
using System.Text.RegularExpressions;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Running headers, footers and page numbers: lines at the head or foot of pages that say the same at the same height on many pages,
/// numbers aside. They are taken out before layout; the number that counts pages becomes the page's label.
/// </summary>
internal sealed partial class RunningText
{
    private const int LinesPerEdge = 4;
    private readonly Dictionary<int, List<EdgeLine>> _removed = [];

    private RunningText()
    {
    }

    /// <summary>The printed page number found in the running text, or null.</summary>
    public IReadOnlyDictionary<int, string> Labels { get; private set; } = new Dictionary<int, string>();

    public static RunningText Find(IReadOnlyList<ScannedPage> pages)
    {
        var running = new RunningText();
        var edges = pages.Where(page => page.Frames.Count > 0).ToDictionary(page => page.Number, EdgeLines);
        foreach (var top in new[] { true, false })
        {
            // Whole pages of the same kind of line: keyed by text without numbers and by height.
            var counts = edges.SelectMany(page => page.Value.Where(line => line.Top == top)).GroupBy(line => line.Key).ToDictionary(g => g.Key, g => g.Select(line => line.Page).Distinct().Count());
            foreach (var (_, lines) in edges)
            {
                var stillRunning = true;
                foreach (var line in lines.Where(line => line.Top == top).OrderBy(line => line.Rank))
                {
                    var count = counts[line.Key];
                    // The outermost line may belong to one chapter; lines further in must run through most of the file, or they are table heads.
                    stillRunning &= line.Rank == 0 ? count >= Math.Min(3, Math.Max(2, pages.Count)) && IsSafe(line, count, pages.Count) : count >= 3 && count >= 0.5 * pages.Count;
                    if (!stillRunning) break;
                    running.Remove(line);
                }
            }
        }

        running.FindPageNumbers(edges);
        running.Labels = running.ReadLabels();
        return running;
    }

    /// <summary>Takes the page's running lines out of its words.</summary>
    public void TakeFrom(ScannedPage page)
    {
        if (!_removed.TryGetValue(page.Number, out var lines)) return;
        var words = lines.SelectMany(line => line.Words).ToHashSet();
        page.Frames[0].Words.RemoveAll(words.Contains);
    }

    private static bool IsSafe(EdgeLine line, int count, int pages) => pages >= 3 && (count >= 3 || line.Key.Text.Contains('#', StringComparison.Ordinal));

    private void Remove(EdgeLine line)
    {
        if (!_removed.TryGetValue(line.Page, out var lines)) _removed[line.Page] = lines = [];
        if (!lines.Contains(line)) lines.Add(line);
    }

    /// <summary>A line that is nothing but a page number goes where numbers and pages advance together.</summary>
    private void FindPageNumbers(Dictionary<int, List<EdgeLine>> edges)
    {
        foreach (var top in new[] { true, false })
        {
            var candidates = new List<(EdgeLine Line, int Value)>();
            foreach (var (page, lines) in edges)
            {
                var removed = _removed.GetValueOrDefault(page) ?? [];
                var first = lines.Where(line => line.Top == top && !removed.Contains(line)).OrderBy(line => line.Rank).FirstOrDefault();
                if (first is not null && PageNumber().Match(first.Text) is { Success: true } match && int.TryParse(match.Groups["n"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                    candidates.Add((first, value));
            }

            foreach (var group in candidates.GroupBy(candidate => candidate.Value - candidate.Line.Page).Where(group => group.Count() >= 2))
                foreach (var (line, _) in group) Remove(line);
        }
    }

    private Dictionary<int, string> ReadLabels()
    {
        // Among all numbers in running lines, those whose distance to the physical page stays the same are page numbers.
        var numbers = _removed.SelectMany(page => page.Value.SelectMany(line => Digits().Matches(line.Text).Select(match => (Page: page.Key, match.Value))))
            .Where(n => n.Value.Length <= 6).Select(n => (n.Page, Value: int.Parse(n.Value, CultureInfo.InvariantCulture))).ToList();
        var labels = new Dictionary<int, string>();
        foreach (var group in numbers.GroupBy(n => n.Value - n.Page).Where(g => g.Select(n => n.Page).Distinct().Count() >= 2).OrderByDescending(g => g.Count()))
            foreach (var (page, value) in group)
                labels.TryAdd(page, value.ToString(CultureInfo.InvariantCulture));
        return labels;
    }

    private static List<EdgeLine> EdgeLines(ScannedPage page)
    {
        var words = page.Frames[0].Words;
        var lines = new List<EdgeLine>();
        if (words.Count == 0) return lines;
        Collect(words.FindAll(word => word.Baseline < 0.15 * page.Height), top: true);
        Collect(words.FindAll(word => word.Baseline > 0.85 * page.Height), top: false);
        return lines;

        void Collect(List<Word> edge, bool top)
        {
            if (edge.Count == 0) return;
            var rows = RowBuilder.Build([.. edge.Select(Copy)]);
            if (!top) rows.Reverse();
            var rank = 0;
            foreach (var row in rows.Take(LinesPerEdge))
            {
                var text = string.Join(' ', row.Segments.Select(s => s.Text));
                var members = edge.FindAll(word => Math.Abs(word.Baseline - row.Baseline) < 0.3 * row.Size);
                lines.Add(new EdgeLine(page.Number, top, rank++, text, (Digits().Replace(text, "#"), (int)Math.Round(row.Baseline / 4)), members));
            }
        }
    }

    // RowBuilder mends words in place; the page's own stay as they are until layout.
    private static Word Copy(Word word)
    {
        var copy = new Word(word.Glyphs[0], word.Order, word.SpaceBefore);
        foreach (var glyph in word.Glyphs.Skip(1)) copy.Add(glyph);
        return copy;
    }

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();

    [GeneratedRegex(@"^(page|seite|p\.|-|–|—|\[)?\s*(?<n>[0-9]{1,5})\s*(-|–|—|\]|((of|von|/)\s*[0-9]{1,5}))?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PageNumber();

    private sealed record EdgeLine(int Page, bool Top, int Rank, string Text, (string Text, int Height) Key, List<Word> Words);
}

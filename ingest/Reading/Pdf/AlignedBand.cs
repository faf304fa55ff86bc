using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Rows of segments that share empty vertical strips ("gutters"): either a table without lines, or columns of prose.</summary>
internal sealed class AlignedBand
{
    /// <summary>Narrowest gutter, in font sizes.</summary>
    private const double MinGutter = 0.6;

    private const int LookAhead = 12;
    private readonly List<TextRow> _rows;
    private readonly double[] _cuts;

    private AlignedBand(List<TextRow> rows, double[] cuts)
    {
        _rows = rows;
        _cuts = cuts;
    }

    public int Columns => _cuts.Length + 1;

    /// <summary>The longest band that starts at row <paramref name="start"/>; null when there is none.</summary>
    /// <param name="length">How many rows it takes.</param>
    public static AlignedBand? Longest(IReadOnlyList<TextRow> rows, int start, out int length)
    {
        length = 0;
        if (FirstParted(rows, start) is not { } parted) return null;
        var gutters = Gaps(rows[parted]);
        for (var i = start; i < parted; i++) gutters = Narrow(gutters, rows[i]);
        if (gutters.Count == 0) return null;
        var end = start + 1;
        var bottom = rows[start].Bottom;
        for (; end < rows.Count; end++)
        {
            var row = rows[end];
            if (row.Top - bottom > 3 * row.Size) break;
            var next = Narrow(gutters, row);
            if (next.Count == 0) break;
            gutters = next;
            bottom = row.Bottom;
        }

        // A row that stands alone on one side at the end, after a wider gap, belongs to what follows.
        while (end - 1 > start && rows[end - 1].Segments.Count == 1 && IsDetached(rows, start, end - 1)) end--;

        var band = rows.Skip(start).Take(end - start).ToList();
        var cuts = gutters.Where(gutter => IsKept(gutter, band, gutters.Count)).Select(gutter => (gutter.Left + gutter.Right) / 2).ToArray();
        if (cuts.Length == 0) return null;
        length = band.Count;
        return new AlignedBand(band, cuts);
    }

    /// <summary>Columns of prose are long lines in at least two columns; a table's cells are short, or its first column is.</summary>
    public bool IsProse
    {
        get
        {
            var prose = 0;
            for (var c = 0; c < Columns; c++)
            {
                var segments = _rows.SelectMany(row => row.Segments.Where(s => ColumnOf(s) == c)).ToList();
                if (segments.Count < 3) continue;
                var widest = segments.Max(s => s.Width);
                var words = segments.Select(s => s.Words.Count).Order().ElementAt(segments.Count / 2);
                var cjk = segments.Average(s => s.Text.Count(GlyphText.IsCjk)) >= 10;
                if ((words >= 4 || cjk) && segments.Count(s => s.Width > 0.75 * widest) >= 0.5 * segments.Count) prose++;
            }

            return prose >= 2;
        }
    }

    /// <summary>The rows of each column, left to right.</summary>
    public IEnumerable<List<TextRow>> ByColumn()
    {
        for (var c = 0; c < Columns; c++)
            yield return [.. _rows.Select(row => row.Segments.Where(s => ColumnOf(s) == c).ToList()).Where(s => s.Count > 0).Select(s => new TextRow(s))];
    }

    public TableGrid ToTable()
    {
        var pitch = MedianPitch();
        var rows = new List<List<List<Segment>>>();
        TextRow? above = null;
        foreach (var row in _rows)
        {
            var cells = Enumerable.Range(0, Columns).Select(c => row.Segments.Where(s => ColumnOf(s) == c).ToList()).ToList();
            if (above is not null && Continues(rows[^1], cells, row.Baseline - above.Baseline, pitch))
                for (var c = 0; c < Columns; c++) rows[^1][c].AddRange(cells[c]);
            else rows.Add(cells);
            above = row;
        }

        var box = _rows.Aggregate(Box.None, (sum, row) => sum.Union(row.Box));
        return new TableGrid(box, [.. rows.Select(row => (IReadOnlyList<IReadOnlyList<Segment>>)[.. row.Select(cell => (IReadOnlyList<Segment>)cell)])]);
    }

    /// <summary>A line without a first cell goes on with the row above; so does a first cell alone after a hyphen.</summary>
    private static bool Continues(List<List<Segment>> above, List<List<Segment>> cells, double distance, double pitch)
    {
        if (distance > 1.3 * pitch) return false;
        if (cells[0].Count == 0) return above.Count > 0 && cells.Where((cell, c) => cell.Count > 0).Any() && !cells.Where((cell, c) => cell.Count > 0 && above[c].Count == 0).Any();
        var alone = cells.Skip(1).All(cell => cell.Count == 0);
        return alone && above[0].Count > 0 && above[0][^1].Text.EndsWith('-');
    }

    private double MedianPitch()
    {
        var pitches = _rows.Zip(_rows.Skip(1)).Select(pair => pair.Second.Baseline - pair.First.Baseline).Where(pitch => pitch > 0).Order().ToList();
        return pitches.Count == 0 ? double.MaxValue : pitches[pitches.Count / 2];
    }

    private int ColumnOf(Segment segment)
    {
        var middle = (segment.Left + segment.ColumnRight) / 2;
        var c = 0;
        while (c < _cuts.Length && middle > _cuts[c]) c++;
        return c;
    }

    /// <summary>This row, or one of the next few when this one stands in a right column that starts higher than the left one.</summary>
    private static int? FirstParted(IReadOnlyList<TextRow> rows, int start)
    {
        if (rows[start].Segments.Count >= 2) return start;
        for (var i = start + 1; i < rows.Count && i <= start + LookAhead; i++)
        {
            if (rows[i].Top - rows[i - 1].Bottom > 3 * rows[i].Size) return null;
            if (rows[i].Segments.Count < 2) continue;
            return Gaps(rows[i]) is [var first, ..] && rows[start].Left >= first.Right - 0.1 ? i : null;
        }

        return null;
    }

    private static List<(double Left, double Right)> Gaps(TextRow row)
    {
        var gaps = new List<(double, double)>();
        var edge = row.Segments[0].ColumnRight;
        foreach (var segment in row.Segments.Skip(1))
        {
            if (segment.Left - edge >= MinGutter * row.Size) gaps.Add((edge, segment.Left));
            edge = Math.Max(edge, segment.ColumnRight);
        }

        return gaps;
    }

    private static List<(double Left, double Right)> Narrow(List<(double Left, double Right)> gutters, TextRow row)
    {
        var result = new List<(double, double)>();
        foreach (var (left, right) in gutters)
        {
            // What the row leaves free of this gutter, in pieces.
            var from = left;
            foreach (var segment in row.Segments)
            {
                if (segment.ColumnRight <= from || segment.Left >= right) continue;
                if (segment.Left - from >= MinGutter * row.Size) result.Add((from, segment.Left));
                from = Math.Max(from, segment.ColumnRight);
            }

            if (right - from >= MinGutter * row.Size) result.Add((from, right));
        }

        return result;
    }

    /// <summary>Three rows must stand on both sides; two are enough beside another gutter, or when the left cells are set in a type of their own (terms).</summary>
    private static bool IsKept((double Left, double Right) gutter, List<TextRow> band, int gutters)
    {
        var sides = band.Select(row => (Left: row.Segments.FindLast(s => s.ColumnRight <= gutter.Left + 0.1), Right: row.Segments.Find(s => s.Left >= gutter.Right - 0.1)))
            .Where(row => row.Left is not null && row.Right is not null).ToList();
        return sides.Count >= 3 || (sides.Count == 2 && (gutters >= 2 || sides.TrueForAll(row => row.Left!.Dominant.Face.Bold != row.Right!.Dominant.Face.Bold || row.Left.Dominant.Face.Mono != row.Right.Dominant.Face.Mono)));
    }

    private static bool IsDetached(IReadOnlyList<TextRow> rows, int start, int index)
    {
        var gap = rows[index].Baseline - rows[index - 1].Baseline;
        var pitches = Enumerable.Range(start + 1, index - start - 1).Select(i => rows[i].Baseline - rows[i - 1].Baseline).Order().ToList();
        return pitches.Count == 0 || gap > 1.25 * pitches[pitches.Count / 2];
    }
}

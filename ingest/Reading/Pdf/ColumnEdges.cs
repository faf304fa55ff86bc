namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// A cell that runs up to the next column, or over it, leaves no gap to see. The rows around it show where columns begin:
/// a segment is parted where one of its words stands exactly there and looks different from the word before.
/// </summary>
internal static class ColumnEdges
{
    private const int Neighbours = 12;
    private const double Exact = 1.0;

    public static List<TextRow> Part(List<TextRow> rows)
    {
        if (!rows.Exists(row => row.Segments.Count > 1)) return rows;
        var result = new List<TextRow>(rows.Count);
        for (var r = 0; r < rows.Count; r++)
        {
            var segments = rows[r].Segments.SelectMany(segment => Part(segment, rows, r)).ToList();
            result.Add(segments.Count == rows[r].Segments.Count ? rows[r] : new TextRow(segments));
        }

        return result;
    }

    private static IEnumerable<Segment> Part(Segment segment, List<TextRow> rows, int r)
    {
        var start = 0;
        for (var w = 1; w < segment.Words.Count; w++)
        {
            Word left = segment.Words[w - 1], right = segment.Words[w];
            var gap = right.Left - left.Right;
            if ((left.Face == right.Face && gap < 0.5 * right.Size && gap > -0.05 * right.Size) || right.Left < left.Left) continue;
            if (CountRows(segment.Words[start].Left, right.Left, rows, r) < 2) continue;
            yield return new Segment(segment.Words.GetRange(start, w - start), right.Left - 0.8 * right.Size);
            start = w;
        }

        yield return start == 0 ? segment : new Segment(segment.Words.GetRange(start, segment.Words.Count - start));
    }

    /// <summary>Rows nearby with two neighbouring segments that begin at these places.</summary>
    private static int CountRows(double first, double second, List<TextRow> rows, int r)
    {
        var count = 0;
        for (var i = Math.Max(0, r - Neighbours); i < Math.Min(rows.Count, r + Neighbours + 1); i++)
        {
            var segments = rows[i].Segments;
            for (var s = 1; i != r && s < segments.Count; s++)
                if (Math.Abs(segments[s - 1].Left - first) < Exact && Math.Abs(segments[s].Left - second) < Exact)
                {
                    count++;
                    break;
                }
        }

        return count;
    }
}

using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>A straight horizontal or vertical stroke: at <see cref="At"/> across, from <see cref="From"/> to <see cref="To"/> along.</summary>
internal readonly record struct Ruling(double At, double From, double To)
{
    public double Length => To - From;
}

/// <summary>The straight lines drawn on a page: strokes, edges of stroked boxes, and boxes filled so thin that they are lines.</summary>
internal sealed class Rulings
{
    /// <summary>More than this is a drawing, not a table; tables are then found by alignment alone.</summary>
    private const int MaxRulings = 4000;

    private const double Thin = 2.5;

    public static Rulings None { get; } = new();

    public List<Ruling> Horizontal { get; private set; } = [];

    public List<Ruling> Vertical { get; private set; } = [];

    public static Rulings Read(Page page, Frame frame)
    {
        var rulings = new Rulings();
        if (frame.AngleDegrees % 90 != 0) return rulings;
        foreach (var path in page.Paths)
        {
            if (path.IsClipping || (!path.IsStroked && !path.IsFilled)) continue;
            foreach (var subpath in path)
            {
                if (rulings.Horizontal.Count + rulings.Vertical.Count > MaxRulings) return None;
                if (path.IsStroked) rulings.AddStrokes(subpath, frame);
                else rulings.AddFilled(subpath, frame);
            }
        }

        rulings.Horizontal = Merge(rulings.Horizontal);
        rulings.Vertical = Merge(rulings.Vertical);
        return rulings;
    }

    private void AddStrokes(PdfSubpath subpath, Frame frame)
    {
        PdfPoint? start = null, last = null;
        foreach (var command in subpath.Commands)
        {
            switch (command)
            {
                case PdfSubpath.Move move:
                    start = last = move.Location;
                    break;
                case PdfSubpath.Line line:
                    Add(line.From, line.To, frame);
                    last = line.To;
                    break;
                case PdfSubpath.Close when start is not null && last is not null:
                    Add(last.Value, start.Value, frame);
                    break;
            }
        }
    }

    private void AddFilled(PdfSubpath subpath, Frame frame)
    {
        if (subpath.GetBoundingRectangle() is not { } bounds) return;
        var (x1, y1) = frame.FromPdf(bounds.Left, bounds.Bottom);
        var (x2, y2) = frame.FromPdf(bounds.Right, bounds.Top);
        double left = Math.Min(x1, x2), right = Math.Max(x1, x2), top = Math.Min(y1, y2), bottom = Math.Max(y1, y2);
        if (bottom - top <= Thin && right - left > 3 * (bottom - top) && right - left > 3) Horizontal.Add(new Ruling((top + bottom) / 2, left, right));
        else if (right - left <= Thin && bottom - top > 3 * (right - left) && bottom - top > 3) Vertical.Add(new Ruling((left + right) / 2, top, bottom));
    }

    private void Add(PdfPoint from, PdfPoint to, Frame frame)
    {
        var (x1, y1) = frame.FromPdf(from.X, from.Y);
        var (x2, y2) = frame.FromPdf(to.X, to.Y);
        if (Math.Abs(y1 - y2) < 0.7 && Math.Abs(x1 - x2) > 3) Horizontal.Add(new Ruling((y1 + y2) / 2, Math.Min(x1, x2), Math.Max(x1, x2)));
        else if (Math.Abs(x1 - x2) < 0.7 && Math.Abs(y1 - y2) > 3) Vertical.Add(new Ruling((x1 + x2) / 2, Math.Min(y1, y2), Math.Max(y1, y2)));
    }

    /// <summary>Pieces of one line (drawn cell by cell, or twice) become one.</summary>
    private static List<Ruling> Merge(List<Ruling> rulings)
    {
        const double across = 1.5, along = 3;
        var merged = new List<Ruling>();
        rulings.Sort((a, b) => a.At.CompareTo(b.At));
        for (var i = 0; i < rulings.Count;)
        {
            var end = i;
            while (end < rulings.Count && rulings[end].At - rulings[i].At <= across) end++;
            var group = rulings.GetRange(i, end - i);
            group.Sort((a, b) => a.From.CompareTo(b.From));
            var current = group[0];
            foreach (var next in group.Skip(1))
            {
                if (next.From <= current.To + along) current = current with { To = Math.Max(current.To, next.To) };
                else
                {
                    merged.Add(current);
                    current = next;
                }
            }

            merged.Add(current);
            i = end;
        }

        return merged;
    }
}

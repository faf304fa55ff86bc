using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// The page turned so that text of one direction runs from left to right and y grows downwards. All layout happens in a frame;
/// boxes go back to the page at the end. Angle in whole degrees, counter-clockwise as in PDF.
/// </summary>
internal sealed record Frame(int AngleDegrees, double PageHeight)
{
    private readonly double _cos = Math.Cos(AngleDegrees * Math.PI / 180);
    private readonly double _sin = Math.Sin(AngleDegrees * Math.PI / 180);

    public bool IsUpright => AngleDegrees == 0;

    /// <summary>From PDF's coordinates (y up).</summary>
    public (double X, double Y) FromPdf(double x, double y) =>
        IsUpright ? (x, PageHeight - y) : (x * _cos + y * _sin, PageHeight - (y * _cos - x * _sin));

    public Box ToPage(Box box)
    {
        if (IsUpright || box.IsNone) return box;
        var corners = new[] { Back(box.Left, box.Top), Back(box.Right, box.Top), Back(box.Left, box.Bottom), Back(box.Right, box.Bottom) };
        return new Box(corners.Min(c => c.X), corners.Min(c => c.Y), corners.Max(c => c.X), corners.Max(c => c.Y));
    }

    private (double X, double Y) Back(double x, double y)
    {
        var up = PageHeight - y;
        return (x * _cos - up * _sin, PageHeight - (x * _sin + up * _cos));
    }
}

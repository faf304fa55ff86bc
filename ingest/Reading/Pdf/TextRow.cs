using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Words on one baseline without a column-wide gap between them. The atom of layout.</summary>
internal sealed class Segment
{
    /// <param name="words">In reading order.</param>
    /// <param name="gutter">Where the next column's gutter begins, when the words run over it.</param>
    public Segment(List<Word> words, double gutter = double.MaxValue)
    {
        Words = words;
        Left = words[0].Left;
        Right = words[0].Right;
        Top = words[0].Top;
        Bottom = words[0].Bottom;
        Dominant = words[0];
        foreach (var word in words)
        {
            Left = Math.Min(Left, word.Left);
            Right = Math.Max(Right, word.Right);
            Top = Math.Min(Top, word.Top);
            Bottom = Math.Max(Bottom, word.Bottom);
            if (word.Width > Dominant.Width) Dominant = word;
        }

        ColumnRight = Math.Min(Right, gutter);
    }

    /// <summary>In reading order, one space between neighbours.</summary>
    public List<Word> Words { get; }

    public double Left { get; }

    public double Right { get; }

    /// <summary>Where it ends for the search for gutters: <see cref="Right"/>, unless it runs over into the next column.</summary>
    public double ColumnRight { get; }

    public double Top { get; }

    public double Bottom { get; }

    /// <summary>The widest word: its size and face speak for the segment.</summary>
    public Word Dominant { get; }

    public double Baseline => Dominant.Baseline;

    public double Size => Dominant.Size;

    public double Width => Right - Left;

    public Box Box => new(Left, Top, Right, Bottom);

    public string Text => string.Join(' ', Words.Select(word => word.Text));

    public bool AllWords(Func<Word, bool> predicate) => Words.TrueForAll(word => predicate(word));
}

/// <summary>Everything on one baseline, from left to right.</summary>
internal sealed class TextRow
{
    public TextRow(List<Segment> segments)
    {
        Segments = segments;
        Baseline = segments[0].Baseline;
        Size = segments.Max(segment => segment.Size);
        Top = segments.Min(segment => segment.Top);
        Bottom = segments.Max(segment => segment.Bottom);
    }

    public List<Segment> Segments { get; }

    public double Baseline { get; }

    public double Size { get; }

    public double Top { get; }

    public double Bottom { get; }

    public double Left => Segments[0].Left;

    public double Right => Segments[^1].Right;

    public Box Box => new(Left, Top, Right, Bottom);
}

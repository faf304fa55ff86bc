namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>One page after the first pass: its words by direction, its drawn lines, and what it lacks.</summary>
internal sealed class ScannedPage
{
    public required int Number { get; init; }

    public double Width { get; init; }

    public double Height { get; init; }

    /// <summary>Most signs first.</summary>
    public IReadOnlyList<(Frame Frame, List<Word> Words, Rulings Rulings)> Frames { get; init; } = [];

    /// <summary>Signs printed on the page, running headers included.</summary>
    public int Glyphs { get; init; }

    /// <summary>Null for a healthy page.</summary>
    public string? Remark { get; init; }

    /// <summary>Text that cannot be used at all (a picture, or glyphs nobody can read).</summary>
    public bool IsUnreadable { get; init; }

    public bool IsPicture { get; init; }
}

namespace DomainTuning.Documents;

/// <summary>One page of a document: its blocks in reading order, and both of its numbers.</summary>
public sealed record Page
{
    /// <summary>Between two blocks in <see cref="PageText.Text"/>.</summary>
    public const string BlockSeparator = "\n\n";

    /// <summary>Physical page, from 1. Citations use this one.</summary>
    public required int Number { get; init; }

    /// <summary>The printed or declared page number ("43", "iv"), shown beside the physical one; null when there is none.</summary>
    public string? Label { get; init; }

    /// <summary>Size in points after rotation; 0 for formats without pages.</summary>
    public double Width { get; init; }

    public double Height { get; init; }

    public IReadOnlyList<Block> Blocks { get; init; } = [];

    /// <summary>The page as one text, with the lines moved to their place in it. Quotes are verified against this text.</summary>
    public PageText ToText()
    {
        var lines = new List<Line>();
        var text = new System.Text.StringBuilder();
        foreach (var block in Blocks)
        {
            if (text.Length > 0) text.Append(BlockSeparator);
            var start = text.Length;
            text.Append(block.Text);
            if (block.Lines.Count == 0) lines.Add(new Line(start, block.Text.Length, block.Box));
            else lines.AddRange(block.Lines.Select(line => line with { Start = start + line.Start }));
        }

        return new PageText(Number, Label, Width, Height, text.ToString(), lines);
    }
}

/// <summary>A page's text with the boxes of its lines: what the index keeps, so that quotes can be checked and shown without the file.</summary>
public sealed record PageText(int Number, string? Label, double Width, double Height, string Text, IReadOnlyList<Line> Lines)
{
    /// <summary>The boxes of the lines that a range of <see cref="Text"/> touches, in order.</summary>
    public IReadOnlyList<Box> BoxesOf(int start, int length) =>
        [.. Lines.Where(line => line.Start < start + length && start < line.Start + line.Length && !line.Box.IsNone).Select(line => line.Box)];
}

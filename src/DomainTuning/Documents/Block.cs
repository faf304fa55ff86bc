namespace DomainTuning.Documents;

/// <summary>What a block is to a reader.</summary>
public enum BlockKind
{
    Paragraph,
    Heading,
    ListItem,

    /// <summary>Rows separated by line feeds, cells by " | ".</summary>
    Table,
    Caption,
    Code,
}

/// <summary>
/// One line of a block as it was printed: its range in <see cref="Block.Text"/> (UTF-16 units) and its box on the page.
/// Ranges ascend and do not overlap; separators between them belong to no line.
/// </summary>
public sealed record Line(int Start, int Length, Box Box);

/// <summary>A piece of a page that reads as one: a heading, a paragraph, a table. It never spans pages.</summary>
public sealed record Block
{
    public required BlockKind Kind { get; init; }

    /// <summary>1 to 6 for headings, 0 otherwise.</summary>
    public int Level { get; init; }

    /// <summary>Words separated by single spaces; line feeds only between table rows, code lines and list parts.</summary>
    public required string Text { get; init; }

    /// <summary>Physical page, from 1. Formats without pages are one page.</summary>
    public required int Page { get; init; }

    public Box Box { get; init; }

    /// <summary>The printed lines; empty for formats without pages.</summary>
    public IReadOnlyList<Line> Lines { get; init; } = [];
}

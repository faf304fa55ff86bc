using DomainTuning.Chunks;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>A paragraph, list item or table of a chunk, in its place.</summary>
/// <param name="Start">In the chunk's text.</param>
/// <param name="Heading">The innermost heading above it, without its number; empty when there is none.</param>
internal sealed record Paragraph(Chunk Chunk, string Text, int Start, SectionName Section, string Heading)
{
    public const string Bullet = "• ";

    public bool IsTable => Text.Contains(" | ", StringComparison.Ordinal);

    public bool IsItem => Text.StartsWith(Bullet, StringComparison.Ordinal);

    /// <summary>Physical page on which a place of the paragraph stands.</summary>
    public int PageAt(int offset) => (Chunk.Parts.LastOrDefault(part => part.Start <= Start + offset) ?? Chunk.Parts[0]).Page;

    /// <summary>The paragraphs of a chunk in order, its inline headings among none of them.</summary>
    public static IEnumerable<Paragraph> Of(string path, Chunk chunk)
    {
        string? inline = null;
        var start = 0;
        foreach (var text in chunk.Text.Split("\n\n"))
        {
            if (SectionName.IsHeading(text)) inline = text;
            else if (text.Trim().Length > 0)
                yield return new Paragraph(chunk, text, start, SectionName.Of(path, chunk, inline), Words.Title(inline ?? (chunk.HeadingPath.Count == 0 ? "" : chunk.HeadingPath[^1])));
            start += text.Length + 2;
        }
    }
}

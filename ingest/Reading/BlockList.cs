using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading;

/// <summary>The blocks of a format without pages, as a reader finds them: cleaned, never empty, never longer than a chunker should have to take at once.</summary>
internal sealed class BlockList
{
    /// <summary>Some 3,000 words. A "paragraph" beyond that is a file without blank lines, not a paragraph.</summary>
    private const int MaxBlockLength = 16_000;

    private readonly List<Block> blocks = [];

    /// <summary>The document's own title, when it has one.</summary>
    public string? Title { get; private set; }

    /// <summary>Said about the file when part of it could not be read; null when all is well.</summary>
    public string? Remark { get; set; }

    public int Count => blocks.Count;

    public string? FirstHeading => blocks.Find(block => block.Kind == BlockKind.Heading)?.Text;

    public Block[] ToArray() => [.. blocks];

    public void AddTitle(string? title)
    {
        var clean = Wording.OneLine(title ?? "");
        if (clean.Length > 0) Title ??= clean.Length <= 300 ? clean : clean[..300];
    }

    public void AddHeading(string text, int level)
    {
        var clean = Wording.OneLine(text);
        if (clean.Length > MaxBlockLength / 16) AddClean(BlockKind.Paragraph, clean);
        else if (clean.Length > 0) blocks.Add(new Block { Kind = BlockKind.Heading, Level = Math.Clamp(level, 1, 6), Text = clean, Page = 1 });
    }

    public void AddParagraph(string text) => AddClean(BlockKind.Paragraph, Wording.OneLine(text));

    public void AddCaption(string text) => AddClean(BlockKind.Caption, Wording.OneLine(text));

    /// <param name="parts">The item's paragraphs.</param>
    /// <param name="number">"3." for an item of a numbered list, which text elsewhere may refer to; null for a bullet.</param>
    public void AddListItem(IEnumerable<string> parts, string? number = null)
    {
        var text = Wording.Lines(parts);
        if (text.Length > 0) AddClean(BlockKind.ListItem, number is null ? text : $"{number} {text}");
    }

    /// <summary>Rows without any text are left out; a table of one column is as good as its paragraphs.</summary>
    public void AddTable(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var clean = rows.Select(row => row.Select(Wording.OneLine).ToArray()).Where(row => row.Any(cell => cell.Length > 0)).ToArray();
        if (clean.Length == 0) return;
        if (clean.All(row => row.Length == 1))
            foreach (var row in clean) AddClean(BlockKind.Paragraph, row[0]);
        else
            AddClean(BlockKind.Table, string.Join('\n', clean.Select(row => string.Join(" | ", row))));
    }

    public void AddCode(string text) => AddClean(BlockKind.Code, Wording.Code(text));

    private void AddClean(BlockKind kind, string text)
    {
        while (text.Length > MaxBlockLength)
        {
            var cut = CutBefore(text, MaxBlockLength);
            Append(kind, text[..cut].TrimEnd());
            text = text[cut..].TrimStart('\n', ' ');
        }

        Append(kind, text);
    }

    private void Append(BlockKind kind, string text)
    {
        if (text.Length > 0) blocks.Add(new Block { Kind = kind, Text = text, Page = 1 });
    }

    /// <summary>The last line end, else the last sentence end, else the last space in the second half; else just not inside a surrogate pair.</summary>
    private static int CutBefore(string text, int limit)
    {
        var half = limit / 2;
        foreach (var end in (string[])["\n", ". ", "。", " "])
            if (text.LastIndexOf(end, limit - 1, half, StringComparison.Ordinal) is var at and > 0) return at + end.Length;
        return char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
    }
}

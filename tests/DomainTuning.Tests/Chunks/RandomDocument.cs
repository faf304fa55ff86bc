using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Tests.Chunks;

/// <summary>Documents of random shape whose words are numbered in order of reading: w0, w1, w2, …</summary>
internal sealed class RandomDocument(int seed)
{
    private readonly Random random = new(seed);

    public int Words { get; private set; }

    public Document Create()
    {
        var pages = Enumerable.Range(1, random.Next(1, 5)).Select(number => new Page
        {
            Number = number,
            Blocks = [.. Enumerable.Range(0, random.Next(0, 14)).Select(_ => Block(number))],
        }).ToList();
        return new Document { Id = new DocumentId($"random{seed}"), Path = "random.md", Title = "Random", Sha256 = "", Pages = pages };
    }

    private Block Block(int page)
    {
        var kind = random.Next(10) switch
        {
            0 or 1 => BlockKind.Heading,
            2 or 3 => BlockKind.ListItem,
            4 => BlockKind.Table,
            5 => BlockKind.Code,
            6 => BlockKind.Caption,
            _ => BlockKind.Paragraph,
        };
        var text = kind switch
        {
            BlockKind.Heading => Text(random.Next(1, random.Next(10) == 0 ? 80 : 5), " ", 0),
            BlockKind.Table => Rows(" | "),
            BlockKind.Code => Rows("  "),
            BlockKind.Paragraph when random.Next(4) == 0 => Text(random.Next(1, 8), " ", 0) + ":",
            _ => Text(random.Next(1, random.Next(3) == 0 ? 300 : 40), " ", random.Next(3) == 0 ? 0 : random.Next(3, 20)),
        };
        return new Block { Kind = kind, Level = kind == BlockKind.Heading ? random.Next(1, 5) : 0, Text = text, Page = page, Lines = Lines(text, page), Box = new Box(0, 0, 1, 1) };
    }

    private string Rows(string cell) => string.Join('\n', Enumerable.Range(0, random.Next(1, 25)).Select(_ => Text(random.Next(1, 9), cell, 0)));

    /// <summary>Sentences of <paramref name="sentence"/> words; 0 for none.</summary>
    private string Text(int words, string separator, int sentence)
    {
        var text = new StringBuilder();
        for (var i = 1; i <= words; i++)
        {
            if (i > 1) text.Append(separator);
            if (i % 50 == 7 && random.Next(5) == 0) text.Append('x', 70).Append(separator);
            text.Append('W').Append(Words++);
            if (sentence > 0 && i % sentence == 0) text.Append('.');
        }

        return text.ToString();
    }

    private static List<Line> Lines(string text, int page)
    {
        var lines = new List<Line>();
        for (var start = 0; start < text.Length; start += 40) lines.Add(new Line(start, Math.Min(40, text.Length - start), new Box(10, page + start, 200, page + start + 12)));
        return lines;
    }
}

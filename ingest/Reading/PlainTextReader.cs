using System.Text.RegularExpressions;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// Plain text: paragraphs by blank lines, list items by their markers, underlined headings. Hard-wrapped lines of a paragraph are joined; lines
/// that are set out with spaces (columns, listings) are kept as they stand.
/// </summary>
public sealed partial class PlainTextReader(TimeSpan timeLimit) : InProcessReader(timeLimit)
{
    public override IReadOnlyList<string> Extensions { get; } = [".txt", ".text"];

    private protected override string Format => "plain text";

    /// <summary>Ten times the longest books.</summary>
    private protected override long MaxBytes => 64_000_000;

    private protected override void Parse(byte[] content, BlockList blocks, CancellationToken cancellationToken)
    {
        var paragraph = new List<string>();
        foreach (var raw in TextDecoding.Decode(content).ReplaceLineEndings("\n").Split('\n'))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var line = raw.TrimEnd();
            if (line.Length > 0)
            {
                paragraph.Add(line);
                continue;
            }

            AddParagraph(paragraph, blocks);
            paragraph.Clear();
        }

        AddParagraph(paragraph, blocks);
    }

    private static void AddParagraph(List<string> lines, BlockList blocks)
    {
        var start = 0;
        while (start + 1 < lines.Count && HeadingLevel(lines[start], lines[start + 1]) is { } level)
        {
            blocks.AddHeading(lines[start], level);
            start += 2;
        }

        AddBody(lines[start..], blocks);
    }

    private static void AddBody(List<string> lines, BlockList blocks)
    {
        if (lines.Count == 0) return;
        if (IsSetOut(lines))
        {
            blocks.AddCode(string.Join('\n', lines));
        }
        else if (lines.Exists(line => ItemMarker().IsMatch(line)))
        {
            AddItems(lines, blocks);
        }
        else
        {
            blocks.AddParagraph(string.Join(' ', lines));
        }
    }

    /// <summary>"=====" under a line is a heading, "-----" one below it.</summary>
    private static int? HeadingLevel(string line, string underline)
    {
        var marks = underline.Trim();
        var wide = marks.Length >= 3 && marks.Length >= line.Trim().Length / 2 && line.Length <= 200;
        return wide && marks.All(c => c == '=') ? 1 : wide && marks.All(c => c is '-' or '~') ? 2 : null;
    }

    /// <summary>More than half of the lines have columns inside, or all are indented by four or more.</summary>
    private static bool IsSetOut(List<string> lines) =>
        (lines.Count >= 2 && lines.Count(line => Columns().IsMatch(line.TrimStart())) > lines.Count / 2)
        || lines.TrueForAll(line => line.StartsWith("    ", StringComparison.Ordinal) || line.StartsWith('\t'));

    private static void AddItems(List<string> lines, BlockList blocks)
    {
        var item = new List<string>();
        string? number = null;
        var inItem = false;
        foreach (var line in lines)
        {
            if (ItemMarker().Match(line) is { Success: true } marker)
            {
                Flush();
                inItem = true;
                number = marker.Groups["number"] is { Success: true } digits ? digits.Value : null;
                item.Add(line[marker.Length..]);
            }
            else
            {
                item.Add(line);
            }
        }

        Flush();

        void Flush()
        {
            if (inItem) blocks.AddListItem([string.Join(' ', item)], number);
            else blocks.AddParagraph(string.Join(' ', item));
            item.Clear();
        }
    }

    [GeneratedRegex(@"^\s*(?:[-*•–]|(?<number>\d{1,3}[.)]|[a-z][.)]))\s+(?=\S)")]
    private static partial Regex ItemMarker();

    [GeneratedRegex(@"\S(?: {3,}|\t+)\S")]
    private static partial Regex Columns();
}

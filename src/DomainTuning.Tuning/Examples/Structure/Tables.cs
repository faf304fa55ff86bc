using System.Text.RegularExpressions;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>
/// Table rows. Under a head of short words every cell answers "what is its head of its row"; a row of a name and a description is an item of a list.
/// Tables whose rows differ in length were read wrongly, and are left out.
/// </summary>
internal static partial class Tables
{
    private const int MostRows = 40;

    public static IEnumerable<Fact> Of(IReadOnlyList<Paragraph> paragraphs)
    {
        foreach (var table in paragraphs.Where(paragraph => paragraph.IsTable))
        {
            var lines = table.Text.Split('\n');
            var rows = lines.Select(line => line.Split(" | ").Select(cell => cell.Trim()).ToArray()).ToList();
            if (rows.Count > MostRows || rows.Exists(row => row.Length != rows[0].Length || row.Length < 2)) continue;
            var head = rows.Count > 2 && rows[0].All(IsHead) && rows[0].Distinct(StringComparer.OrdinalIgnoreCase).Count() == rows[0].Length ? rows[0] : null;
            var offset = head is null ? 0 : lines[0].Length + 1;
            for (var i = head is null ? 0 : 1; i < rows.Count; i++)
            {
                List<Fact> items = [.. AsItem(table, rows[i], lines[i], offset)];
                foreach (var fact in items) yield return fact with { Kind = "table" };
                if (head is not null && items.Count == 0)
                    foreach (var fact in UnderHead(table, head, rows, i, lines[i], offset)) yield return fact;
                offset += lines[i].Length + 1;
            }
        }
    }

    private static IEnumerable<Fact> AsItem(Paragraph table, string[] row, string line, int offset) => row switch
    {
        [var name, var text] => Items.Facts(table, new Item(name, "", null, text), line, offset),
        [var name, var type, var text] when TypeCell().IsMatch(type) => Items.Facts(table, new Item(name, type, null, text), line, offset),
        _ => [],
    };

    private static IEnumerable<Fact> UnderHead(Paragraph table, string[] head, List<string[]> rows, int i, string line, int offset)
    {
        var (key, first) = (rows[i][0], Words.Singular(Words.Spoken(head[0])));
        if (key.Length is 0 or > 40 || rows.Count(row => row[0] == key) > 1 || key.Split(' ').Length > 5) yield break;
        for (var column = 1; column < head.Length; column++)
        {
            var (cell, name) = (rows[i][column], Words.Singular(Words.Spoken(head[column])));
            if (!IsShort(cell) || TypeCell().IsMatch(cell)) continue;
            yield return new Fact(table, "table", key, [$"What is the {name} of {key}{{in}}?", $"Which {name} does the table give for {first} {key}{{in}}?"], cell, line, offset);
            if (rows.Count(row => row[column] == cell) == 1 && IsShort(key) && cell.Any(char.IsLetter))
                yield return new Fact(table, "table", cell, [$"Which {first} has the {name} {cell}{{in}}?", $"What is the {first} for {cell}{{in}}?"], key, line, offset);
        }
    }

    private static bool IsHead(string cell) => cell.Length is >= 2 and <= 30 && cell.Split(' ').Length <= 3 && HeadCell().IsMatch(cell);

    private static bool IsShort(string cell) => cell.Length is > 0 and <= 40 && cell.Split(' ').Length <= 6 && cell.Any(char.IsLetterOrDigit) && cell is not ("n/a" or "N/A" or "-" or "Yes" or "No" or "YES" or "NO") && !Address().IsMatch(cell);

    [GeneratedRegex(@"^\(?(bit|float|s32|u32|int|funct)?,? ?(in|out|io|i/o|r/w|rw|ro)?\)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TypeCell();

    [GeneratedRegex("^[0-9a-f]{5,}$", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"^\p{Lu}[\p{L} /-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex HeadCell();
}

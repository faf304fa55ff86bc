using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>One thing in reading order: a printed line or a whole table. <see cref="Region"/> counts columns and bands: nothing joins across them.</summary>
internal sealed record LayoutItem(int Region, Segment? Line, TableGrid? Table)
{
    public Box Box => Line?.Box ?? Table!.Box;
}

/// <summary>
/// From words to reading order: ruled tables first, then bands of rows that share gutters (tables without lines, or columns),
/// everything else from top to bottom. Linear in the page's rows, so pages of thousands of pieces stay cheap.
/// </summary>
internal sealed class PageLayout
{
    private readonly List<LayoutItem> _items = [];
    private int _region;

    /// <param name="words">The frame's words without running headers; emptied of those that ruled tables take.</param>
    public static List<LayoutItem> Of(List<Word> words, Rulings rulings)
    {
        var layout = new PageLayout();
        var tables = RuledTables.Take(words, rulings);
        var rows = words.Count == 0 ? [] : ColumnEdges.Part(Pair(RowBuilder.Build(words)));
        tables.Sort((a, b) => a.Box.Top.CompareTo(b.Box.Top));
        layout.Bands(rows, tables);
        return layout._items;
    }

    private void Bands(List<TextRow> rows, List<TableGrid> tables)
    {
        var t = 0;
        for (var i = 0; i < rows.Count;)
        {
            while (t < tables.Count && tables[t].Box.Top < rows[i].Baseline) Add(tables[t++]);
            // A band never reaches over a table that stands between its rows.
            var limit = i + 1;
            while (limit < rows.Count && (t == tables.Count || rows[limit].Baseline < tables[t].Box.Top)) limit++;
            var reach = limit == rows.Count && i == 0 ? rows : rows.GetRange(i, limit - i);
            if (AlignedBand.Longest(reach, 0, out var length) is { } band)
            {
                if (band.IsProse)
                {
                    foreach (var column in band.ByColumn())
                    {
                        _region++;
                        Bands(column, []);
                    }

                    _region++;
                }
                else Add(band.ToTable());

                i += length;
            }
            else
            {
                Add(rows[i]);
                i++;
            }
        }

        while (t < tables.Count) Add(tables[t++]);
    }

    /// <summary>Columns rarely share baselines: lines that overlap in height and stand side by side count as one row.</summary>
    private static List<TextRow> Pair(List<TextRow> rows)
    {
        var paired = new List<TextRow>();
        foreach (var row in rows)
        {
            if (paired.Count > 0 && paired[^1] is var above && row.Baseline - above.Baseline < 0.6 * Math.Min(row.Size, above.Size)
                && !row.Segments.Exists(s => above.Segments.Exists(a => a.Left < s.Right && s.Left < a.Right)))
                paired[^1] = new TextRow([.. above.Segments.Concat(row.Segments).OrderBy(s => s.Left)]);
            else paired.Add(row);
        }

        return paired;
    }

    private void Add(TextRow row) =>
        _items.Add(new LayoutItem(_region, row.Segments.Count == 1 ? row.Segments[0] : new Segment([.. row.Segments.SelectMany(segment => segment.Words)]), null));

    private void Add(TableGrid table) => _items.Add(new LayoutItem(_region, null, table));
}

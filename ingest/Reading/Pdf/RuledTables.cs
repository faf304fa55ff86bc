using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Tables drawn with lines. Lines that touch make one grid; its cells are the rectangles between neighbouring lines,
/// and where a line is missing between two of them they are one cell.
/// </summary>
internal static class RuledTables
{
    private const double Touch = 3;

    /// <summary>Takes the words inside grids out of <paramref name="words"/> and returns the tables they make.</summary>
    public static List<TableGrid> Take(List<Word> words, Rulings rulings)
    {
        var tables = new List<TableGrid>();
        foreach (var (horizontal, vertical) in Components(rulings))
        {
            if (Grid.From(horizontal, vertical) is not { } grid) continue;
            var inside = words.FindAll(word => grid.Holds(word));
            if (inside.Count == 0) continue;
            var table = Fill(grid, inside);
            if (!table.IsWorthIt) continue;
            var taken = inside.ToHashSet();
            words.RemoveAll(taken.Contains);
            tables.Add(table);
        }

        return tables;
    }

    private static IEnumerable<(List<Ruling> Horizontal, List<Ruling> Vertical)> Components(Rulings rulings)
    {
        int h = rulings.Horizontal.Count, v = rulings.Vertical.Count;
        if (h < 2 || v < 1) yield break;
        var parent = Enumerable.Range(0, h + v).ToArray();
        for (var i = 0; i < h; i++)
            for (var j = 0; j < v; j++)
            {
                Ruling a = rulings.Horizontal[i], b = rulings.Vertical[j];
                if (b.At >= a.From - Touch && b.At <= a.To + Touch && a.At >= b.From - Touch && a.At <= b.To + Touch) parent[Root(i)] = Root(h + j);
            }

        foreach (var group in Enumerable.Range(0, h + v).GroupBy(Root))
        {
            var horizontal = group.Where(i => i < h).Select(i => rulings.Horizontal[i]).ToList();
            var vertical = group.Where(i => i >= h).Select(i => rulings.Vertical[i - h]).ToList();
            if (horizontal.Count >= 2 && vertical.Count >= 1) yield return (horizontal, vertical);
        }

        int Root(int i)
        {
            while (parent[i] != i) i = parent[i] = parent[parent[i]];
            return i;
        }
    }

    private static TableGrid Fill(Grid grid, List<Word> words)
    {
        var cells = new Dictionary<(int Row, int Column), List<Word>>();
        foreach (var word in words)
            foreach (var piece in grid.Cut(word))
            {
                var at = grid.CellAt(Math.Min(piece.Middle, piece.Left + 0.5 * piece.Size), piece.Baseline - 0.3 * piece.Size);
                if (!cells.TryGetValue(at, out var list)) cells[at] = list = [];
                list.Add(piece);
            }

        var rows = new List<IReadOnlyList<IReadOnlyList<Segment>>>();
        for (var r = 0; r < grid.Rows; r++)
        {
            var lines = new List<IReadOnlyList<Segment>>();
            for (var c = 0; c < grid.Columns; c++)
                lines.Add(cells.TryGetValue((r, c), out var list) ? Lines(list) : []);
            if (lines.Exists(cell => cell.Count > 0)) rows.AddRange(SplitUnruledRows(lines));
        }

        return new TableGrid(grid.Box, DropEmptyColumns(rows));
    }

    private static List<Segment> Lines(List<Word> words) =>
        [.. RowBuilder.Build(words).Select(row => row.Segments.Count == 1 ? row.Segments[0] : new Segment([.. row.Segments.SelectMany(segment => segment.Words)]))];

    /// <summary>A band between two lines may hold many rows: then every filled column has the same baselines.</summary>
    private static IEnumerable<IReadOnlyList<IReadOnlyList<Segment>>> SplitUnruledRows(List<IReadOnlyList<Segment>> row)
    {
        var filled = row.FindAll(cell => cell.Count > 0);
        var first = filled[0];
        var together = filled.Count >= 2 && first.Count >= 2 && filled.TrueForAll(cell =>
            cell.Count == first.Count && cell.Zip(first).All(pair => Math.Abs(pair.First.Baseline - pair.Second.Baseline) < 0.3 * pair.First.Size));
        // Two columns of prose have the same baselines as well: cells of a row are short.
        if (!together || filled.Exists(cell => cell.Average(line => line.Words.Count) > 4)) return [row];
        return Enumerable.Range(0, first.Count).Select(i => (IReadOnlyList<IReadOnlyList<Segment>>)[.. row.Select(cell => (IReadOnlyList<Segment>)(cell.Count > 0 ? [cell[i]] : []))]);
    }

    private static List<IReadOnlyList<IReadOnlyList<Segment>>> DropEmptyColumns(List<IReadOnlyList<IReadOnlyList<Segment>>> rows)
    {
        var columns = rows.Count == 0 ? 0 : rows[0].Count;
        var kept = Enumerable.Range(0, columns).Where(c => rows.Exists(row => row[c].Count > 0)).ToList();
        return kept.Count == columns ? rows : [.. rows.Select(row => (IReadOnlyList<IReadOnlyList<Segment>>)[.. kept.Select(c => row[c])])];
    }

    /// <summary>The lines of one grid: where columns and rows part, and which neighbours have no line between them.</summary>
    private sealed class Grid
    {
        private const int MaxColumns = 64;
        private const int MaxRows = 400;
        private readonly double[] _x;
        private readonly double[] _y;
        private readonly (int Row, int Column)[,] _owner;

        private Grid(double[] x, double[] y, List<Ruling> horizontal, List<Ruling> vertical)
        {
            (_x, _y) = (x, y);
            _owner = new (int, int)[Rows, Columns];
            for (var r = 0; r < Rows; r++)
                for (var c = 0; c < Columns; c++)
                {
                    double middleX = (x[c] + x[c + 1]) / 2, middleY = (y[r] + y[r + 1]) / 2;
                    var lineLeft = c == 0 || vertical.Exists(ruling => Math.Abs(ruling.At - x[c]) <= Touch && ruling.From <= middleY && ruling.To >= middleY);
                    var lineAbove = r == 0 || horizontal.Exists(ruling => Math.Abs(ruling.At - y[r]) <= Touch && ruling.From <= middleX && ruling.To >= middleX);
                    _owner[r, c] = !lineLeft ? _owner[r, c - 1] : !lineAbove ? _owner[r - 1, c] : (r, c);
                }
        }

        public int Columns => _x.Length - 1;

        public int Rows => _y.Length - 1;

        public Box Box => new(_x[0], _y[0], _x[^1], _y[^1]);

        public static Grid? From(List<Ruling> horizontal, List<Ruling> vertical)
        {
            double left = horizontal.Min(ruling => ruling.From), right = horizontal.Max(ruling => ruling.To);
            double top = vertical.Min(ruling => ruling.From), bottom = vertical.Max(ruling => ruling.To);
            var x = Cluster([left, right, .. vertical.Select(ruling => ruling.At)]);
            var y = Cluster([top, bottom, .. horizontal.Select(ruling => ruling.At)]);
            if (x.Length < 3 || y.Length < 2 || x.Length > MaxColumns + 1 || y.Length > MaxRows + 1) return null;
            return new Grid(x, y, horizontal, vertical);
        }

        public bool Holds(Word word)
        {
            var y = word.Baseline - 0.3 * word.Size;
            return word.Middle > _x[0] && word.Middle < _x[^1] && y > _y[0] && y < _y[^1];
        }

        /// <summary>Parts a word that runs over a line between two cells.</summary>
        public IEnumerable<Word> Cut(Word word)
        {
            var y = word.Baseline - 0.3 * word.Size;
            for (var c = 1; c < Columns; c++)
            {
                if (_x[c] <= word.Left || _x[c] >= word.Right || CellAt(_x[c] - 0.5, y) == CellAt(_x[c] + 0.5, y)) continue;
                if (word.CutAt(_x[c]) is not { } parts) continue;
                yield return parts.Left;
                word = parts.Right;
            }

            yield return word;
        }

        public (int Row, int Column) CellAt(double x, double y) => _owner[Index(_y, y), Index(_x, x)];

        private static int Index(double[] edges, double value)
        {
            var i = 0;
            while (i < edges.Length - 2 && value >= edges[i + 1]) i++;
            return i;
        }

        private static double[] Cluster(List<double> values)
        {
            values.Sort();
            var result = new List<double>();
            foreach (var value in values)
                if (result.Count == 0 || value - result[^1] > Touch)
                    result.Add(value);
            return [.. result];
        }
    }
}

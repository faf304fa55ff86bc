using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>A table on a page: rows of cells, each cell its printed lines from top to bottom. Spanned cells are empty after their first.</summary>
internal sealed record TableGrid(Box Box, IReadOnlyList<IReadOnlyList<IReadOnlyList<Segment>>> Rows)
{
    public bool IsWorthIt => Rows.Count >= 1 && Rows.Max(row => row.Count(cell => cell.Count > 0)) >= 2;
}

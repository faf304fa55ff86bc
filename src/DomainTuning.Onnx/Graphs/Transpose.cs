namespace DomainTuning.Onnx.Graphs;

/// <summary>[rows, columns] to [columns, rows], in tiles that stay in the cache.</summary>
internal static class Transpose
{
    private const int Tile = 32;

    public static void Run<T>(ReadOnlySpan<T> source, Span<T> target, int rows, int columns) where T : unmanaged
    {
        for (var top = 0; top < rows; top += Tile)
        {
            var bottom = Math.Min(rows, top + Tile);
            for (var left = 0; left < columns; left += Tile)
            {
                var right = Math.Min(columns, left + Tile);
                for (var column = left; column < right; column++)
                    for (var row = top; row < bottom; row++)
                        target[column * rows + row] = source[row * columns + column];
            }
        }
    }
}

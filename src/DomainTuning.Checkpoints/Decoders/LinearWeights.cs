using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>Where one row of a matrix lies in a checkpoint.</summary>
/// <param name="Tensor">Null for a row of zeros.</param>
internal readonly record struct RowOrigin(StoredTensor? Tensor, int Row);

/// <summary>Changes rows of a matrix as they are read.</summary>
/// <param name="values">[rows, columns] from <paramref name="firstRow"/> on.</param>
internal delegate void RowChange(int firstRow, Span<float> values);

/// <summary>
/// The matrix of a linear layer y = x Wᵀ + b, [rows, columns], read from a checkpoint slice by slice: rows may come from several tensors and in another
/// order than they are stored. Smoothing changes only what is read. Not thread-safe.
/// </summary>
internal sealed class LinearWeights(TensorFile file, RowOrigin[] origins, int columns)
{
    /// <summary>Values that are held as floats at once: 16 MB.</summary>
    private const int SliceValues = 1 << 22;

    private float[] buffer = [];
    private float[]? columnFactors, rowDivisors;

    public int Rows => origins.Length;

    public int Columns => columns;

    /// <summary>[rows], or null.</summary>
    public float[]? Bias { get; set; }

    /// <summary>Column j of the matrix is column <c>ColumnOrigins[j]</c> of the tensors, or zeros where that is below 0. Null: as stored.</summary>
    public int[]? ColumnOrigins { get; init; }

    /// <summary>Applied to what is read, before smoothing: an adapter that is merged. Null: the matrix as stored.</summary>
    public RowChange? Change { get; set; }

    /// <summary>
    /// How all rows are stored, where the stored blocks are the matrix as it is: not smoothed, not filled up. Null where rows are stored in several ways
    /// or have been changed.
    /// </summary>
    public TensorType? StoredType
    {
        get
        {
            if (columnFactors is not null || rowDivisors is not null || ColumnOrigins is not null || Change is not null) return null;
            var type = origins[0].Tensor?.Type;
            return Array.TrueForAll(origins, origin => origin.Tensor?.Type == type) ? type : null;
        }
    }

    /// <summary>Every row is stored in floats of some width.</summary>
    public bool AreFloats => Array.TrueForAll(origins, origin => origin.Tensor?.Type is null or TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.F64);

    /// <summary>Calls back with each slice of rows in order. The array is used again for the next slice.</summary>
    /// <param name="use">First row, number of rows, their values [number, columns] (the array may be longer).</param>
    public void Slices(Action<int, int, float[]> use, CancellationToken cancellationToken) => Slices(0, Rows, use, cancellationToken);

    /// <summary>The same for a stretch of rows.</summary>
    /// <param name="use">Its first argument counts from the first row of the matrix.</param>
    public void Slices(int firstRow, int rows, Action<int, int, float[]> use, CancellationToken cancellationToken)
    {
        var rowsAtOnce = Math.Clamp(SliceValues / columns, 1, rows);
        if (buffer.Length < rowsAtOnce * columns) buffer = new float[rowsAtOnce * columns];
        for (var first = firstRow; first < firstRow + rows; first += rowsAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(rowsAtOnce, firstRow + rows - first);
            Read(first, buffer.AsSpan(0, count * columns));
            use(first, count, buffer);
        }
    }

    /// <summary>Calls back with each slice of rows as stored; only where <see cref="StoredType"/> is not null.</summary>
    public void StoredSlices(Action<int, int, byte[]> use, CancellationToken cancellationToken)
    {
        var rowBytes = (int)origins[0].Tensor!.RowBytes;
        var rowsAtOnce = Math.Clamp(4 * SliceValues / rowBytes, 1, Rows);
        var bytes = new byte[rowsAtOnce * rowBytes];
        for (var first = 0; first < Rows; first += rowsAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(rowsAtOnce, Rows - first);
            EachRun(first, count, (tensor, row, at, length) => file.Bytes(tensor!, row, length).CopyTo(bytes.AsSpan(at * rowBytes)));
            use(first, count, bytes);
        }
    }

    /// <summary>The largest magnitude in each column.</summary>
    public float[] ColumnPeaks(CancellationToken cancellationToken)
    {
        var peaks = new float[columns];
        Slices((_, count, values) =>
        {
            for (var row = 0; row < count; row++) TensorPrimitives.MaxMagnitude(peaks, values.AsSpan(row * columns, columns), peaks);
        }, cancellationToken);
        TensorPrimitives.Abs(peaks, peaks);
        return peaks;
    }

    /// <summary>Column j is multiplied by <paramref name="factors"/>[j] from here on.</summary>
    public void MultiplyColumns(float[] factors) => columnFactors = factors;

    /// <summary>The rows from <paramref name="first"/> on, and their bias, are divided from here on.</summary>
    public void DivideRows(int first, float[] divisors)
    {
        rowDivisors ??= [.. Enumerable.Repeat(1f, Rows)];
        divisors.CopyTo(rowDivisors.AsSpan(first));
        if (Bias is not null) TensorPrimitives.Divide(Bias.AsSpan(first, divisors.Length), divisors, Bias.AsSpan(first, divisors.Length));
    }

    /// <summary>Frees what reading needed.</summary>
    public void Release() => buffer = [];

    private void Read(int first, Span<float> values)
    {
        if (ColumnOrigins is null) ReadStored(first, values, columns);
        else ReadSpread(first, values, ColumnOrigins);
        Change?.Invoke(first, values);
        for (var row = 0; row < values.Length / columns; row++)
        {
            var target = values.Slice(row * columns, columns);
            if (columnFactors is not null) TensorPrimitives.Multiply(target, columnFactors, target);
            if (rowDivisors is not null) TensorPrimitives.Divide(target, rowDivisors[first + row], target);
        }
    }

    private void ReadSpread(int first, Span<float> values, int[] spread)
    {
        var stored = new float[origins[0].Tensor!.Columns];
        for (var row = 0; row < values.Length / columns; row++)
        {
            ReadStored(first + row, stored, stored.Length);
            for (var column = 0; column < columns; column++) values[row * columns + column] = spread[column] < 0 ? 0 : stored[spread[column]];
        }
    }

    private unsafe void ReadStored(int first, Span<float> values, int width)
    {
        fixed (float* start = values)
        {
            var target = start; // a span cannot be captured
            EachRun(first, values.Length / width, (tensor, row, at, length) =>
            {
                var part = new Span<float>(target + (long)at * width, length * width);
                if (tensor is null) part.Clear();
                else file.ReadRows(tensor, row, part);
            });
        }
    }

    /// <summary>Calls back with stretches of rows that lie behind one another: tensor, its first row, the place in the slice, number of rows.</summary>
    private void EachRun(int first, int count, Action<StoredTensor?, int, int, int> use)
    {
        for (var at = 0; at < count;)
        {
            var (tensor, row) = origins[first + at];
            var length = 1;
            while (at + length < count && origins[first + at + length] is var next && ReferenceEquals(next.Tensor, tensor) && (tensor is null || next.Row == row + length)) length++;
            use(tensor, row, at, length);
            at += length;
        }
    }
}

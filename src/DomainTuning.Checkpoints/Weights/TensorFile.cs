using System.Diagnostics.CodeAnalysis;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Named tensors on disk, read when asked for: a <see cref="GgufFile"/>, a <see cref="SafetensorsFile"/>, or the parts of a model that is spread over
/// several (<see cref="ShardedTensors"/>). Reading is thread-safe. Disposal waits for running calls of <see cref="ReadRows"/>, but spans of
/// <see cref="Bytes(StoredTensor)"/> die with the file, and a file that someone shortens while it is open ends the process.
/// </summary>
public abstract class TensorFile : IDisposable
{
    /// <summary>Values that are de-quantised at once at most, so that pages of a mapped file are read in order.</summary>
    private const long BytesAtOnce = 1 << 24;

    private readonly Dictionary<string, StoredTensor> _byName;

    private protected TensorFile(string path, IReadOnlyList<StoredTensor> tensors)
    {
        Path = path;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file, or the index of several.</summary>
    public string Path { get; }

    /// <summary>All tensors in the order of the file.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    public bool TryGetTensor(string name, [NotNullWhen(true)] out StoredTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>The tensor of that name. Throws when the file lacks it.</summary>
    public StoredTensor Tensor(string name) => _byName.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CheckpointException($"'{Path}' lacks the tensor {name}, which is needed to use the model. Use another file of the model, or convert it again.");

    /// <summary>The stored bytes of a whole tensor. Valid until the file is disposed. At most 2 GiB: larger tensors are read by rows.</summary>
    public ReadOnlySpan<byte> Bytes(StoredTensor tensor) => Bytes(tensor, 0, tensor.Rows);

    /// <summary>The stored bytes of some rows. Valid until the file is disposed. At most 2 GiB.</summary>
    public ReadOnlySpan<byte> Bytes(StoredTensor tensor, long firstRow, long rows)
    {
        CheckOwn(tensor);
        if (firstRow < 0 || rows < 0 || firstRow > tensor.Rows - rows)
            throw new ArgumentOutOfRangeException(nameof(firstRow), firstRow, $"Rows {firstRow} to {firstRow + rows} were asked for; {tensor} has {tensor.Rows}.");
        var bytes = rows * tensor.RowBytes;
        if (bytes > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(rows), rows, $"{rows} rows of {tensor} are {bytes} bytes; one span holds 2 GiB. Read fewer rows at a time.");
        return Slice(tensor, firstRow * tensor.RowBytes, (int)bytes);
    }

    /// <summary>The stored bytes of a whole tensor as a stream, of any size. Dispose it before the file.</summary>
    public Stream OpenStream(StoredTensor tensor)
    {
        CheckOwn(tensor);
        return Stream(tensor);
    }

    /// <summary>De-quantises rows, as many as <paramref name="destination"/> holds, starting at <paramref name="firstRow"/>.</summary>
    /// <param name="destination">[rows, columns], row-major; its length is a multiple of <see cref="StoredTensor.Columns"/>.</param>
    /// <exception cref="CheckpointException">The tensor holds integers, which are no weights.</exception>
    public virtual void ReadRows(StoredTensor tensor, long firstRow, Span<float> destination)
    {
        CheckOwn(tensor);
        if (destination.IsEmpty) return;
        if (tensor.Columns == 0 || destination.Length % tensor.Columns != 0)
            throw new ArgumentException($"The destination holds {destination.Length} values, which is no whole number of rows of {tensor}.", nameof(destination));
        if (!Dequantise.CanRead(tensor.Type))
            throw new CheckpointException($"'{Path}': tensor {tensor} holds integers, which are no weights. Use another file of the model.");
        var rows = destination.Length / tensor.Columns;
        var rowsAtOnce = Math.Max(1, BytesAtOnce / tensor.RowBytes);
        for (long done = 0; done < rows; done += rowsAtOnce)
        {
            var now = Math.Min(rowsAtOnce, rows - done);
            Dequantise.Blocks(tensor.Type, Bytes(tensor, firstRow + done, now), destination.Slice((int)(done * tensor.Columns), (int)(now * tensor.Columns)));
        }
    }

    /// <summary>De-quantises a whole tensor: [rows, columns], row-major.</summary>
    public float[] Read(StoredTensor tensor)
    {
        var values = new float[tensor.Elements];
        ReadRows(tensor, 0, values);
        return values;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A part of a tensor's bytes; the range is checked already.</summary>
    internal abstract ReadOnlySpan<byte> Slice(StoredTensor tensor, long offset, int length);

    internal abstract Stream Stream(StoredTensor tensor);

    protected abstract void Dispose(bool disposing);

    private void CheckOwn(StoredTensor tensor)
    {
        if (!_byName.TryGetValue(tensor.Name, out var own) || !ReferenceEquals(own, tensor))
            throw new ArgumentException($"Tensor {tensor} does not belong to '{Path}'.", nameof(tensor));
    }
}

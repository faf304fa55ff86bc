namespace DomainTuning.Checkpoints.Weights;

/// <summary>Tensors in one mapped file.</summary>
public abstract class MappedTensorFile : TensorFile
{
    private readonly MappedFile _file;

    private protected MappedTensorFile(string path, MappedFile file, IReadOnlyList<StoredTensor> tensors)
        : base(path, tensors) => _file = file;

    /// <inheritdoc/>
    public sealed override void ReadRows(StoredTensor tensor, long firstRow, Span<float> destination)
    {
        _file.Hold();
        try
        {
            base.ReadRows(tensor, firstRow, destination);
        }
        finally
        {
            _file.Release();
        }
    }

    internal sealed override ReadOnlySpan<byte> Slice(StoredTensor tensor, long offset, int length) => _file.Slice(tensor.Offset + offset, length);

    internal sealed override Stream Stream(StoredTensor tensor) => _file.Stream(tensor.Offset, tensor.Bytes);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
    }
}

using System.Runtime.InteropServices;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The file beside a model that holds its large tensors (ONNX "external data"). Tensors are streamed in one after the other, each at an offset
/// that is a multiple of 4096, so that ONNX Runtime can map the file instead of reading it.
/// </summary>
/// <param name="path">Created, or overwritten.</param>
/// <param name="cancellationToken">Obeyed between slices of a few megabytes.</param>
internal sealed class WeightsFile(string path, CancellationToken cancellationToken = default) : IDisposable
{
    private const int Alignment = 4096;
    private const int SliceElements = 1 << 20;

    private readonly FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);

    /// <summary>The name that the model refers to: relative to the model's own folder.</summary>
    public string Location { get; } = Path.GetFileName(path);

    /// <summary>Appends a tensor, little-endian, and says where it lies.</summary>
    public (long Offset, long Length) Append<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        var offset = (stream.Length + Alignment - 1) / Alignment * Alignment;
        stream.Position = offset;
        for (var start = 0; start < values.Length; start += SliceElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(MemoryMarshal.AsBytes(values[start..Math.Min(values.Length, start + SliceElements)]));
        }

        stream.Flush();
        return (offset, stream.Length - offset);
    }

    /// <summary>Flushes to the disk, so that a full disk shows here and not after the rename.</summary>
    public void Complete() => stream.Flush(flushToDisk: true);

    public void Dispose() => stream.Dispose();
}

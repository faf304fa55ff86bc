using System.Runtime.InteropServices;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The file that holds a model's tensors (ONNX "external data"), being written. Tensors are streamed in one after the other, each at an offset
/// that is a multiple of 4096, so that ONNX Runtime can map the file instead of reading it.
/// </summary>
/// <param name="path">Created, or overwritten.</param>
/// <param name="cancellationToken">Obeyed between slices of a few megabytes.</param>
internal sealed class WeightsFile(string path, CancellationToken cancellationToken = default) : IDisposable
{
    /// <summary>The name that graphs refer to.</summary>
    public const string FileName = "weights.bin";

    private const int Alignment = 4096;
    private const int SliceElements = 1 << 20;

    private readonly FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
    private readonly Dictionary<string, PackedTensor> tensors = [];
    private readonly Dictionary<string, PackedLinear> linears = [];

    /// <summary>What has been written so far.</summary>
    public PackedWeights Packed => new(tensors, linears);

    /// <summary>Appends a tensor, little-endian.</summary>
    public void Append<T>(string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var count = 1L;
        foreach (var size in shape) count *= size;
        if (count != values.Length) throw new ArgumentException($"Tensor '{name}' has {values.Length} values, its shape [{string.Join(", ", shape.ToArray())}] asks for {count}.", nameof(values));
        var offset = (stream.Length + Alignment - 1) / Alignment * Alignment;
        stream.Position = offset;
        for (var start = 0; start < values.Length; start += SliceElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(MemoryMarshal.AsBytes(values[start..Math.Min(values.Length, start + SliceElements)]));
        }

        stream.Flush();
        tensors.Add(name, new PackedTensor(name, OnnxTypes.Of<T>(), shape.ToArray(), offset, stream.Length - offset));
    }

    public void Append<T>(string name, ReadOnlySpan<long> shape, T[] values) where T : unmanaged => Append<T>(name, shape, values.AsSpan());

    /// <summary>Appends a linear layer in one of its forms.</summary>
    /// <param name="w">[rows, columns] as in the checkpoint. May be overwritten.</param>
    public void AppendLinear(LinearKind kind, string name, float[] w, int rows, int columns)
    {
        LinearForm.Of(kind).Pack(this, name, w, rows, columns);
        linears.Add(name, new PackedLinear(name, kind, rows, columns));
    }

    /// <summary>Flushes to the disk, so that a full disk shows here and not after the rename.</summary>
    public void Complete() => stream.Flush(flushToDisk: true);

    public void Dispose() => stream.Dispose();
}

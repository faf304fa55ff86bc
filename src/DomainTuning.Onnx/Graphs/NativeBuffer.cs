using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>Zeroed memory that tensors look into. The system hands out its pages when they are first touched, so a large buffer costs only what is used.</summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable where T : unmanaged
{
    private readonly long length;
    private T* start;

    public NativeBuffer(long length)
    {
        this.length = length;
        start = (T*)NativeMemory.AllocZeroed((nuint)length, (nuint)sizeof(T));
    }

    public Span<T> Span(long offset, int count)
    {
        Check(offset, count);
        return new Span<T>(start + offset, count);
    }

    /// <summary>A tensor over part of the buffer. It must be disposed before the buffer is.</summary>
    /// <param name="width">How many of the buffer's elements make one of the tensor's.</param>
    public OrtValue Tensor(TensorElementType type, long[] shape, long offset = 0, int width = 1)
    {
        long count = width;
        foreach (var size in shape) count *= size;
        Check(offset, count);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)(start + offset), count * sizeof(T));
    }

    public void Dispose()
    {
        NativeMemory.Free(start);
        start = null;
    }

    private void Check(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        if (offset < 0 || count < 0 || offset > length - count)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{count} elements from {offset} do not lie within {length}.");
    }
}

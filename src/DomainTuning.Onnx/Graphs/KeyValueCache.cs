using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Keys and values of all layers for a fixed number of sequences ("slots"), each up to <see cref="Capacity"/> tokens. Neighbouring slots lie
/// side by side, [slots, key/value heads, capacity, head], so any run of slots can be bound as one batch. Not thread-safe.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly DecoderShape shape;
    private readonly NativeBuffer<float>[] buffers; // key and value of layer 0, of layer 1, ...
    private readonly Dictionary<(int First, int Count), OrtValue[]> views = [];

    public KeyValueCache(DecoderShape shape, int slots, int capacity)
    {
        this.shape = shape;
        Slots = slots;
        Capacity = capacity;
        buffers = [.. Enumerable.Range(0, 2 * shape.Layers).Select(_ => new NativeBuffer<float>(slots * SlotLength))];
    }

    public int Slots { get; }

    /// <summary>Tokens a slot.</summary>
    public int Capacity { get; }

    private long SlotLength => (long)shape.KeyValueHeads * Capacity * shape.HeadDimensions;

    /// <summary>The run of slots as tensors: key and value of layer 0, of layer 1, and so on. Owned by the cache.</summary>
    public OrtValue[] View(int firstSlot, int count)
    {
        if (!views.TryGetValue((firstSlot, count), out var view))
            views[(firstSlot, count)] = view =
            [
                .. buffers.Select(buffer => buffer.Tensor(TensorElementType.Float, [count, shape.KeyValueHeads, Capacity, shape.HeadDimensions], firstSlot * SlotLength)),
            ];
        return view;
    }

    public void Dispose()
    {
        foreach (var value in views.Values.SelectMany(view => view)) value.Dispose();
        views.Clear();
        foreach (var buffer in buffers) buffer.Dispose();
    }
}

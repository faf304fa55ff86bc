using DomainTuning.Checkpoints.Decoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Keys and values of all layers for a fixed number of sequences ("slots"), each up to <see cref="Capacity"/> tokens. Neighbouring slots lie
/// side by side, [slots, key/value heads, capacity, head], so any run of slots can be bound as one batch. It moves bytes and knows of numbers only how wide
/// they are. Not thread-safe.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly DecoderShape shape;
    private readonly TensorElementType type;
    private readonly int width; // bytes of a number
    private readonly NativeBuffer<byte>[] buffers; // key and value of layer 0, of layer 1, ...
    private readonly Dictionary<(int First, int Count), OrtValue[]> views = [];

    public KeyValueCache(DecoderShape shape, int slots, int capacity, KeyValueForm form = KeyValueForm.Float32)
    {
        this.shape = shape;
        (type, width) = form == KeyValueForm.Int8 ? (TensorElementType.Int8, sizeof(sbyte)) : (TensorElementType.Float, sizeof(float));
        Slots = slots;
        Capacity = capacity;
        buffers = [.. Enumerable.Range(0, 2 * shape.Layers).Select(_ => new NativeBuffer<byte>(slots * SlotBytes))];
    }

    public int Slots { get; }

    /// <summary>Tokens a slot.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that one token takes over all layers.</summary>
    public int TokenBytes => buffers.Length * shape.KeyValueHeads * HeadBytes;

    private int HeadBytes => shape.HeadDimensions * width;

    private long SlotBytes => (long)shape.KeyValueHeads * Capacity * HeadBytes;

    /// <summary>The run of slots as tensors: key and value of layer 0, of layer 1, and so on. Owned by the cache.</summary>
    public OrtValue[] View(int firstSlot, int count)
    {
        if (!views.TryGetValue((firstSlot, count), out var view))
            views[(firstSlot, count)] = view =
            [
                .. buffers.Select(buffer => buffer.Tensor(type, [count, shape.KeyValueHeads, Capacity, shape.HeadDimensions], firstSlot * SlotBytes, width)),
            ];
        return view;
    }

    /// <summary>Copies the state of some tokens out of a slot.</summary>
    /// <param name="page">[layer and kind, head, token, dimension]</param>
    public void CopyOut(int slot, int firstToken, int tokens, Span<byte> page)
    {
        var length = tokens * HeadBytes;
        foreach (var (buffer, offset) in Heads(slot, firstToken))
        {
            buffer.Span(offset, length).CopyTo(page);
            page = page[length..];
        }
    }

    /// <summary>Copies what <see cref="CopyOut"/> gave into a slot, at the same positions.</summary>
    public void CopyIn(int slot, int firstToken, int tokens, ReadOnlySpan<byte> page)
    {
        var length = tokens * HeadBytes;
        foreach (var (buffer, offset) in Heads(slot, firstToken))
        {
            page[..length].CopyTo(buffer.Span(offset, length));
            page = page[length..];
        }
    }

    /// <summary>Copies the first tokens of one slot into another.</summary>
    public void Move(int from, int to, int tokens)
    {
        var length = tokens * HeadBytes;
        foreach (var ((buffer, source), (_, target)) in Heads(from, 0).Zip(Heads(to, 0))) buffer.Span(source, length).CopyTo(buffer.Span(target, length));
    }

    /// <summary>Exchanges the first tokens of two slots.</summary>
    public void Swap(int a, int b, int tokens)
    {
        var length = tokens * HeadBytes;
        var held = new byte[length];
        foreach (var ((buffer, first), (_, second)) in Heads(a, 0).Zip(Heads(b, 0)))
        {
            var x = buffer.Span(first, length);
            var y = buffer.Span(second, length);
            x.CopyTo(held);
            y.CopyTo(x);
            held.CopyTo(y);
        }
    }

    public void Dispose()
    {
        foreach (var value in views.Values.SelectMany(view => view)) value.Dispose();
        views.Clear();
        foreach (var buffer in buffers) buffer.Dispose();
    }

    /// <summary>Where a token of a slot lies: one place a layer, kind and head.</summary>
    private IEnumerable<(NativeBuffer<byte> Buffer, long Offset)> Heads(int slot, int token)
    {
        foreach (var buffer in buffers)
            for (var head = 0; head < shape.KeyValueHeads; head++)
                yield return (buffer, slot * SlotBytes + ((long)head * Capacity + token) * HeadBytes);
    }
}

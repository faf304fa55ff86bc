using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Writes a safetensors file of floats. Names and shapes are declared first, because the header stands in front; then the values are streamed in,
/// in the same order, so a model of any size passes through. The file appears under its name when it is complete.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const int SliceValues = 1 << 20;

    private readonly string path;
    private readonly TensorType type;
    private readonly FileStream stream;
    private readonly long expected;

    /// <param name="path">Created, or replaced by <see cref="Complete"/>.</param>
    /// <param name="tensors">Every tensor, in the order in which its values will come.</param>
    /// <param name="type">F32, F16 or BF16, of all tensors; values are rounded to it.</param>
    public SafetensorsWriter(string path, IReadOnlyList<(string Name, long[] Shape)> tensors, TensorType type = TensorType.F32)
    {
        if (type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16)) throw new ArgumentOutOfRangeException(nameof(type), type, "F32, F16 and BF16 are written.");
        this.path = path;
        this.type = type;
        var header = new Dictionary<string, object> { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
        var at = 0L;
        foreach (var (name, shape) in tensors)
        {
            var end = at + shape.Aggregate(1L, (product, size) => checked(product * size)) * type.BlockBytes();
            header.Add(name, new { dtype = type.ToString(), shape, data_offsets = new[] { at, end } });
            at = end;
        }

        expected = at;
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        stream = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, (json.Length + 7) / 8 * 8); // data begins at a multiple of 8
        stream.Write(length);
        stream.Write(json);
        for (var i = json.Length; i % 8 != 0; i++) stream.WriteByte((byte)' ');
        DataStart = stream.Position;
    }

    private long DataStart { get; }

    /// <summary>Appends values; tensors follow one another without a mark.</summary>
    public void Append(ReadOnlySpan<float> values)
    {
        for (var start = 0; start < values.Length; start += SliceValues)
        {
            var slice = values[start..Math.Min(values.Length, start + SliceValues)];
            if (type == TensorType.F32)
            {
                stream.Write(MemoryMarshal.AsBytes(slice));
                continue;
            }

            var narrow = new ushort[slice.Length];
            if (type == TensorType.F16) TensorPrimitives.ConvertToHalf(slice, MemoryMarshal.Cast<ushort, Half>(narrow.AsSpan()));
            else
                for (var i = 0; i < narrow.Length; i++) narrow[i] = ToBFloat16(slice[i]);
            stream.Write(MemoryMarshal.AsBytes(narrow.AsSpan()));
        }
    }

    /// <summary>Flushes to the disk and gives the file its name.</summary>
    public void Complete()
    {
        if (stream.Position - DataStart != expected)
            throw new InvalidOperationException($"'{path}' was declared to hold {expected} bytes; {stream.Position - DataStart} came.");
        stream.Flush(flushToDisk: true);
        stream.Dispose();
        File.Move(path + ".new", path, overwrite: true);
    }

    public void Dispose() => stream.Dispose();

    /// <summary>The upper half, rounded to nearest, ties to even.</summary>
    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}

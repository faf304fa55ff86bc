using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using DomainTuning.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// The .onnx_adapter file of ONNX Runtime (lora/adapter_format/adapter_schema.fbs): a FlatBuffer of named tensors, here the inputs of our graph. It is made
/// for one conversion of a model: smoothing is folded in, so <see cref="ModelVersion"/> travels along.
/// </summary>
/// <param name="ModelVersion">Says which conversion; 0 or 1 in files of others.</param>
internal sealed record OnnxAdapterFile(IReadOnlyList<InputTensor> Inputs, int ModelVersion)
{
    private const int FormatVersion = 1;
    private const int Float32 = 1;
    private const string Identifier = "TORT";

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);

        // Pads until (position + ahead) is a multiple: 4 ahead aligns the elements that follow a length.
        void Align(int multiple, int ahead = 0)
        {
            while ((stream.Position + ahead) % multiple != 0) writer.Write((byte)0);
        }

        // Offsets are relative to the place that holds them.
        void Patch(long at, long target)
        {
            var here = stream.Position;
            stream.Position = at;
            writer.Write(checked((int)(target - at)));
            stream.Position = here;
        }

        long Field()
        {
            var at = stream.Position;
            writer.Write(0);
            return at;
        }

        // Both tables have four fields of 4 bytes in order: own size, table size, the fields' offsets.
        long Table()
        {
            Align(4);
            var vtable = stream.Position;
            foreach (ushort value in (ReadOnlySpan<ushort>)[12, 20, 4, 8, 12, 16]) writer.Write(value);
            Align(4);
            var table = stream.Position;
            writer.Write((int)(table - vtable));
            return table;
        }

        var root = Field();
        writer.Write(Encoding.ASCII.GetBytes(Identifier));
        Patch(root, Table());
        writer.Write(FormatVersion);
        writer.Write(1); // the adapter's own version
        writer.Write(ModelVersion);
        var parameters = Field();
        Align(4);
        Patch(parameters, stream.Position);
        writer.Write(Inputs.Count);
        long[] slots = [.. Inputs.Select(_ => Field())];
        for (var i = 0; i < slots.Length; i++)
        {
            var input = Inputs[i];
            var table = Table();
            Patch(slots[i], table);
            var (name, dims) = (Field(), Field());
            writer.Write(Float32);
            var raw = Field();

            Align(4);
            Patch(name, stream.Position);
            var text = Encoding.UTF8.GetBytes(input.Name);
            writer.Write(text.Length);
            writer.Write(text);
            writer.Write((byte)0);
            Align(8, 4);
            Patch(dims, stream.Position);
            writer.Write(input.Shape.Length);
            foreach (var size in input.Shape) writer.Write(size);
            Align(8, 4);
            Patch(raw, stream.Position);
            var bytes = MemoryMarshal.AsBytes(input.Values.AsSpan());
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>Writes a file and reads it again: what comes back must be, bit for bit, what was to be written.</summary>
    /// <exception cref="AdapterException">It is not.</exception>
    public static async Task WriteAsync(string path, IReadOnlyList<InputTensor> inputs, int modelVersion, CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(path, new OnnxAdapterFile(inputs, modelVersion).ToArray(), cancellationToken).ConfigureAwait(false);
        var back = Read(path);
        bool Same(InputTensor x, InputTensor y) => x.Name == y.Name && x.Shape.SequenceEqual(y.Shape) && MemoryMarshal.AsBytes(x.Values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(y.Values.AsSpan()));
        if (back.ModelVersion != modelVersion || back.Inputs.Count != inputs.Count || !back.Inputs.Zip(inputs, Same).All(same => same))
            throw new AdapterException($"'{path}' does not hold what was written into it. Check the disk, and export the adapter again.");
    }

    /// <exception cref="AdapterException">It is no such file, damaged, or holds other numbers than 32-bit floats.</exception>
    public static OnnxAdapterFile Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return Read(bytes, path);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException or IndexOutOfRangeException)
        {
            throw new AdapterException($"'{path}' is no usable .onnx_adapter file: an offset in it points outside. Export the adapter again.", error);
        }
    }

    /// <summary>A number that tells conversions apart.</summary>
    public static int VersionOf(ConversionCard card) => // never 0 or 1, which others write without meaning it
        Convert.ToInt32(card.SourceSha256[..6], 16) * 16 + (int)card.Form + 2;

    private static OnnxAdapterFile Read(ReadOnlySpan<byte> file, string path)
    {
        AdapterException Refusal(string what) => new($"'{path}' {what}. Export the adapter again.");
        if (file.Length < 12 || !file.Slice(4, 4).SequenceEqual(Encoding.ASCII.GetBytes(Identifier))) throw Refusal($"is no .onnx_adapter file: its identifier is not {Identifier}");
        var root = Follow(file, 0);
        if (Int(file, root, 0) is var format and not FormatVersion) throw Refusal($"has the format version {format}; {FormatVersion} is read");
        var inputs = new List<InputTensor>();
        if (FieldAt(file, root, 3) is { } field)
        {
            var vector = Follow(file, field);
            var count = Length(file, vector, 4);
            for (var i = 0; i < count; i++)
            {
                var table = Follow(file, vector + 4 + 4 * i);
                if (FieldAt(file, table, 0) is not { } nameField || FieldAt(file, table, 1) is not { } dimsField || FieldAt(file, table, 3) is not { } rawField)
                    throw Refusal("has a parameter without name, dimensions or data");
                var (name, dims, raw) = (Follow(file, nameField), Follow(file, dimsField), Follow(file, rawField));
                var text = Encoding.UTF8.GetString(file.Slice(name + 4, Length(file, name, 1)));
                if (Int(file, table, 2) is var type and not Float32) throw Refusal($"holds '{text}' in the element type {type}; 32-bit floats ({Float32}) are read");
                var shape = new long[Length(file, dims, 8)];
                for (var d = 0; d < shape.Length; d++) shape[d] = BinaryPrimitives.ReadInt64LittleEndian(file[(dims + 4 + 8 * d)..]);
                var values = MemoryMarshal.Cast<byte, float>(file.Slice(raw + 4, Length(file, raw, 1))).ToArray();
                if (shape.Any(size => size < 0) || shape.Aggregate((UInt128)1, (product, size) => product * (ulong)size) != (UInt128)values.Length)
                    throw Refusal($"holds {values.Length} numbers for '{text}' [{string.Join(", ", shape)}]");
                inputs.Add(new InputTensor(text, shape, values));
            }
        }

        return new OnnxAdapterFile(inputs, Int(file, root, 2));
    }

    private static int Follow(ReadOnlySpan<byte> file, int at) => checked(at + BinaryPrimitives.ReadInt32LittleEndian(file[at..]));

    /// <summary>The length of a vector, whose elements lie within the file.</summary>
    private static int Length(ReadOnlySpan<byte> file, int at, int elementBytes)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(file[at..]);
        _ = file.Slice(at + 4, checked(length * elementBytes));
        return length;
    }

    private static int Int(ReadOnlySpan<byte> file, int table, int index) => FieldAt(file, table, index) is { } at ? BinaryPrimitives.ReadInt32LittleEndian(file[at..]) : 0;

    /// <summary>Where a table's field lies; null where it has its default.</summary>
    private static int? FieldAt(ReadOnlySpan<byte> file, int table, int index)
    {
        var vtable = checked(table - BinaryPrimitives.ReadInt32LittleEndian(file[table..]));
        var entry = 4 + 2 * index;
        if (entry + 2 > BinaryPrimitives.ReadUInt16LittleEndian(file[vtable..])) return null;
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(file[(vtable + entry)..]);
        return offset == 0 ? null : table + offset;
    }
}

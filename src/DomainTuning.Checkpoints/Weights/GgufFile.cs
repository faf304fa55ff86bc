namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// A GGUF file (versions 2 and 3, little-endian), opened by mapping it: metadata and the tensor table are read and checked at once, tensor data when
/// asked for. What the format means: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
public sealed unsafe class GgufFile : MappedTensorFile
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int MaxDimensions = 4;

    private GgufFile(string path, MappedFile file, Header header)
        : base(path, file, header.Tensors)
    {
        Version = header.Version;
        Alignment = header.Alignment;
        Metadata = header.Metadata;
    }

    /// <summary>2 or 3.</summary>
    public int Version { get; }

    /// <summary>Every tensor starts at a multiple of this, counted from the start of the data. Default of the format: 32.</summary>
    public uint Alignment { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>Maps the file and checks everything but the tensors' numbers.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="CheckpointException">The file is not a well-formed GGUF file of a supported version, or is cut off.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path, "GGUF", minimumBytes: 4);
        try
        {
            return new GgufFile(path, file, ReadHeader(path, file.Start, file.Length));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The metadata entries that stand whole in the first bytes of a file. Converters write the architecture first and the vocabulary last, so a few
    /// kilobytes tell whether gigabytes are worth fetching.
    /// </summary>
    /// <exception cref="CheckpointException">These are not the first bytes of a GGUF file of a supported version.</exception>
    internal static GgufMetadata Peek(ReadOnlySpan<byte> beginning, string path)
    {
        fixed (byte* start = beginning)
        {
            var cursor = new GgufCursor(path, start, beginning.Length);
            ReadMagicAndVersion(ref cursor, path);
            cursor.UInt64("the number of tensors");
            var count = cursor.UInt64("the number of metadata entries");
            var entries = new OrderedDictionary<string, GgufValue>(StringComparer.Ordinal);
            try
            {
                for (ulong i = 0; i < count; i++) entries.TryAdd(cursor.Name($"metadata key {i}"), cursor.Value("a metadata value"));
            }
            catch (CheckpointException)
            {
                // The beginning ends inside this entry. If the file itself is broken there, opening it will say so.
            }

            return new GgufMetadata(path, entries);
        }
    }

    private static Header ReadHeader(string path, byte* start, long length)
    {
        var cursor = new GgufCursor(path, start, length);
        var version = ReadMagicAndVersion(ref cursor, path);
        var tensorCountAt = cursor.Position;
        var tensorCount = cursor.UInt64("the number of tensors");
        var entryCount = cursor.Count("the number of metadata entries", minimumBytes: 8 + 4 + 1);
        if (tensorCount > (ulong)length / (8 + 4 + 4 + 8))
            throw cursor.Broken($"the number of tensors at byte {tensorCountAt} is {tensorCount}, more than a file of {length} bytes can hold");

        var entries = new OrderedDictionary<string, GgufValue>(StringComparer.Ordinal);
        for (ulong i = 0; i < entryCount; i++)
        {
            var at = cursor.Position;
            var key = cursor.Name($"metadata key {i}");
            if (!entries.TryAdd(key, cursor.Value($"metadata value '{key}'")))
                throw cursor.Broken($"the metadata key '{key}' at byte {at} stands there a second time");
        }

        var alignment = ReadAlignment(cursor, entries);
        var table = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (ulong i = 0; i < tensorCount; i++)
        {
            var entry = ReadTensorEntry(ref cursor, i);
            if (!names.Add(entry.Name)) throw cursor.Broken($"the tensor '{entry.Name}' is listed twice");
            table.Add(entry);
        }

        var data = ((ulong)cursor.Position + alignment - 1) & ~((ulong)alignment - 1);
        return new Header(version, alignment, new GgufMetadata(path, entries), [.. table.Select(entry => Place(cursor, entry, data, alignment, (ulong)length))]);
    }

    private static int ReadMagicAndVersion(ref GgufCursor cursor, string path)
    {
        var magic = cursor.UInt32("the magic number");
        if (magic != Magic)
            throw new CheckpointException($"'{path}' is not a GGUF file: it starts with 0x{magic:x8} instead of \"GGUF\". Pass a .gguf file.");
        return ReadVersion(path, cursor.UInt32("the version"));
    }

    private static int ReadVersion(string path, uint version) => version switch
    {
        2 or 3 => (int)version,
        0x0200_0000 or 0x0300_0000 => throw new CheckpointException(
            $"'{path}' is a GGUF file in big-endian byte order; only little-endian files are supported. Convert the model on a little-endian machine or use another file of it."),
        _ => throw new CheckpointException($"'{path}' is GGUF version {version}; supported are 2 and 3. Convert the model again with a current converter, or use another file of it."),
    };

    private static uint ReadAlignment(GgufCursor cursor, OrderedDictionary<string, GgufValue> entries)
    {
        if (!entries.TryGetValue("general.alignment", out var value)) return 32;
        return value.Value is uint alignment && uint.IsPow2(alignment)
            ? alignment
            : throw cursor.Broken($"general.alignment should be a uint32 that is a power of two, but is the {value.TypeName} {value.Value}");
    }

    private static TensorEntry ReadTensorEntry(ref GgufCursor cursor, ulong index)
    {
        var name = cursor.Name($"the name of tensor {index}");
        var what = $"tensor '{name}'";
        var dimensionCount = cursor.UInt32("the number of dimensions of " + what);
        if (dimensionCount > MaxDimensions) throw cursor.Broken($"{what} has {dimensionCount} dimensions; at most {MaxDimensions} are possible");
        var shape = new ulong[dimensionCount];
        for (var i = shape.Length - 1; i >= 0; i--) shape[i] = cursor.UInt64("a dimension of " + what); // stored fastest first
        var typeAt = cursor.Position;
        var type = cursor.UInt32("the type of " + what);
        if (!TensorTypes.IsKnown(type))
            throw cursor.Broken($"{what} has the type {type} at byte {typeAt}, which is unknown or was removed from the format; known are {string.Join(", ", Enum.GetNames<TensorType>())}");
        return new TensorEntry(name, (TensorType)type, shape, cursor.UInt64("the offset of " + what));
    }

    private static StoredTensor Place(GgufCursor cursor, TensorEntry entry, ulong data, uint alignment, ulong length)
    {
        var shown = $"tensor '{entry.Name}' [{string.Join(", ", entry.Shape)}] {entry.Type}";
        var elements = UInt128.One;
        foreach (var size in entry.Shape)
        {
            if (size == 0) throw cursor.Broken($"{shown} has a dimension of size 0");
            // A type never stores more than 8 values in a byte, so this bound keeps the product small without refusing anything that fits.
            if ((elements *= size) / 8 > length)
                throw cursor.Broken($"{shown} is larger than the file of {length} bytes");
        }

        var columns = entry.Shape.Length == 0 ? 1 : entry.Shape[^1];
        if (columns % (ulong)entry.Type.BlockElements() != 0)
            throw cursor.Broken($"{shown} has rows of {columns} values, but {entry.Type} packs {entry.Type.BlockElements()} at a time");
        if (entry.Offset % alignment != 0)
            throw cursor.Broken($"{shown} starts at offset {entry.Offset}, which is no multiple of the alignment {alignment}");
        var bytes = elements / (ulong)entry.Type.BlockElements() * (ulong)entry.Type.BlockBytes();
        var first = (UInt128)data + entry.Offset;
        if (first + bytes > length)
            throw cursor.Broken($"{shown} should occupy bytes {first} to {first + bytes}, but the file ends at {length}");
        return new StoredTensor(entry.Name, entry.Type, [.. entry.Shape.Select(size => (long)size)], (long)first, (long)bytes);
    }

    private sealed record TensorEntry(string Name, TensorType Type, ulong[] Shape, ulong Offset);

    private sealed record Header(int Version, uint Alignment, GgufMetadata Metadata, IReadOnlyList<StoredTensor> Tensors);
}

using System.Buffers.Binary;
using System.Text;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Walks over the header of a mapped GGUF file. Every length that the file claims is compared with the bytes that are left before anything is
/// allocated or skipped, so a hostile file can cost no more memory than its own size times a small factor.
/// </summary>
internal unsafe struct GgufCursor(string path, byte* start, long length)
{
    /// <summary>Arrays of arrays are legal but nobody writes them; a file that nests deeper than this attacks the stack.</summary>
    private const int MaxDepth = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public long Position { get; private set; }

    private readonly long Left => length - Position;

    public ReadOnlySpan<byte> Take(ulong bytes, string what)
    {
        if (bytes > (ulong)Left)
            throw Broken($"{what} needs {bytes} bytes at byte {Position}, but {Left} are left");
        if (bytes > int.MaxValue)
            throw Broken($"{what} at byte {Position} claims {bytes} bytes; more than {int.MaxValue} in one metadata value are not supported");
        var span = new ReadOnlySpan<byte>(start + Position, (int)bytes);
        Position += (long)bytes;
        return span;
    }

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A number of entries that follow, each of at least <paramref name="minimumBytes"/>.</summary>
    public ulong Count(string what, int minimumBytes)
    {
        var at = Position;
        var count = UInt64(what);
        return count <= (ulong)Left / (uint)minimumBytes
            ? count
            : throw Broken($"{what} at byte {at} is {count}, but the {Left} bytes that are left hold at most {Left / minimumBytes}");
    }

    /// <summary>A key or a tensor's name: must be valid UTF-8, because it is looked up.</summary>
    public string Name(string what)
    {
        var at = Position;
        var bytes = Take(UInt64("the length of " + what), what);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Broken($"{what} at byte {at} is not valid UTF-8");
        }
    }

    public GgufValueType ValueType(string what)
    {
        var at = Position;
        var type = UInt32("the type of " + what);
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw Broken($"{what} at byte {at} has the value type {type}; known are 0 to {(uint)GgufValueType.Float64}");
    }

    public GgufValue Value(string what, int depth = 0)
    {
        var type = ValueType(what);
        return type == GgufValueType.Array ? Array(what, depth) : new GgufValue(type, null, Scalar(type, what));
    }

    public readonly CheckpointException Broken(string finding) =>
        new($"'{path}' is not a usable GGUF file: {finding}. The file is incomplete or damaged: fetch it again, or convert the model again.");

    private object Scalar(GgufValueType type, string what) => type switch
    {
        GgufValueType.UInt8 => Take(1, what)[0],
        GgufValueType.Int8 => (sbyte)Take(1, what)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2, what)),
        GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what)),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what)),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4, what)),
        GgufValueType.Bool => Take(1, what)[0] != 0,
        GgufValueType.String => Text(what),
        GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what)),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(8, what)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, what)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a scalar."),
    };

    /// <summary>Bytes that are not valid UTF-8 become U+FFFD: a vocabulary may hold pieces of characters.</summary>
    private string Text(string what) => Encoding.UTF8.GetString(Take(UInt64("the length of " + what), what));

    private GgufValue Array(string what, int depth)
    {
        if (depth >= MaxDepth) throw Broken($"{what} nests arrays deeper than {MaxDepth} at byte {Position}");
        var element = ValueType("an element of " + what);
        var count = Count("the length of " + what, MinimumBytes(element));
        if (count > (ulong)System.Array.MaxLength) throw Broken($"{what} claims {count} elements; at most {System.Array.MaxLength} are supported");
        object values = element switch
        {
            GgufValueType.UInt8 => Take(count, what).ToArray(),
            GgufValueType.Int8 => Fill((int)count, what, static (ref cursor, name) => (sbyte)cursor.Take(1, name)[0]),
            GgufValueType.UInt16 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadUInt16LittleEndian(cursor.Take(2, name))),
            GgufValueType.Int16 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadInt16LittleEndian(cursor.Take(2, name))),
            GgufValueType.UInt32 => Fill((int)count, what, static (ref cursor, name) => cursor.UInt32(name)),
            GgufValueType.Int32 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadInt32LittleEndian(cursor.Take(4, name))),
            GgufValueType.Float32 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadSingleLittleEndian(cursor.Take(4, name))),
            GgufValueType.Bool => Fill((int)count, what, static (ref cursor, name) => cursor.Take(1, name)[0] != 0),
            GgufValueType.UInt64 => Fill((int)count, what, static (ref cursor, name) => cursor.UInt64(name)),
            GgufValueType.Int64 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadInt64LittleEndian(cursor.Take(8, name))),
            GgufValueType.Float64 => Fill((int)count, what, static (ref cursor, name) => BinaryPrimitives.ReadDoubleLittleEndian(cursor.Take(8, name))),
            GgufValueType.String => Fill((int)count, what, static (ref cursor, name) => cursor.Text(name)),
            _ => Fill((int)count, what, (ref cursor, name) => cursor.Array(name, depth + 1)),
        };
        return new GgufValue(GgufValueType.Array, element, values);
    }

    private T[] Fill<T>(int count, string what, ElementReader<T> read)
    {
        var values = new T[count];
        for (var i = 0; i < count; i++) values[i] = read(ref this, what);
        return values;
    }

    private static int MinimumBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };

    private delegate T ElementReader<T>(ref GgufCursor cursor, string what);
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Stores;

/// <summary>What is stored as bytes: lines and parts as records of fixed length, ids and vectors. All little-endian but ids, whose bytes sort as their text does.</summary>
internal static class Blobs
{
    /// <summary>start, length, box.</summary>
    private const int LineSize = 8 + BoxSize;

    /// <summary>page, start, length, box.</summary>
    private const int PartSize = 12 + BoxSize;
    private const int BoxSize = 4 * sizeof(double);

    public static byte[] From(IReadOnlyList<Line> lines)
    {
        var bytes = new byte[lines.Count * LineSize];
        for (var i = 0; i < lines.Count; i++)
        {
            var at = bytes.AsSpan(i * LineSize, LineSize);
            BinaryPrimitives.WriteInt32LittleEndian(at, lines[i].Start);
            BinaryPrimitives.WriteInt32LittleEndian(at[4..], lines[i].Length);
            Write(at[8..], lines[i].Box);
        }

        return bytes;
    }

    public static IReadOnlyList<Line> ToLines(ReadOnlySpan<byte> bytes)
    {
        var lines = new Line[bytes.Length / LineSize];
        for (var i = 0; i < lines.Length; i++)
        {
            var at = bytes.Slice(i * LineSize, LineSize);
            lines[i] = new Line(BinaryPrimitives.ReadInt32LittleEndian(at), BinaryPrimitives.ReadInt32LittleEndian(at[4..]), ToBox(at[8..]));
        }

        return lines;
    }

    public static byte[] From(IReadOnlyList<ChunkPart> parts)
    {
        var bytes = new byte[parts.Count * PartSize];
        for (var i = 0; i < parts.Count; i++)
        {
            var at = bytes.AsSpan(i * PartSize, PartSize);
            BinaryPrimitives.WriteInt32LittleEndian(at, parts[i].Page);
            BinaryPrimitives.WriteInt32LittleEndian(at[4..], parts[i].Start);
            BinaryPrimitives.WriteInt32LittleEndian(at[8..], parts[i].Length);
            Write(at[12..], parts[i].Box);
        }

        return bytes;
    }

    public static IReadOnlyList<ChunkPart> ToParts(ReadOnlySpan<byte> bytes)
    {
        var parts = new ChunkPart[bytes.Length / PartSize];
        for (var i = 0; i < parts.Length; i++)
        {
            var at = bytes.Slice(i * PartSize, PartSize);
            parts[i] = new ChunkPart(
                BinaryPrimitives.ReadInt32LittleEndian(at), BinaryPrimitives.ReadInt32LittleEndian(at[4..]), BinaryPrimitives.ReadInt32LittleEndian(at[8..]), ToBox(at[12..]));
        }

        return parts;
    }

    public static byte[] From(ChunkId id) => id.Value.ToByteArray(bigEndian: true);

    public static ChunkId ToChunkId(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public static float[] ToVector(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    public static byte[] From(ReadOnlyMemory<float> vector) => MemoryMarshal.AsBytes(vector.Span).ToArray();

    private static void Write(Span<byte> to, Box box)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(to, box.Left);
        BinaryPrimitives.WriteDoubleLittleEndian(to[8..], box.Top);
        BinaryPrimitives.WriteDoubleLittleEndian(to[16..], box.Right);
        BinaryPrimitives.WriteDoubleLittleEndian(to[24..], box.Bottom);
    }

    private static Box ToBox(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadDoubleLittleEndian(from), BinaryPrimitives.ReadDoubleLittleEndian(from[8..]),
        BinaryPrimitives.ReadDoubleLittleEndian(from[16..]), BinaryPrimitives.ReadDoubleLittleEndian(from[24..]));
}

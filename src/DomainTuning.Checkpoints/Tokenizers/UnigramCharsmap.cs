using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// SentencePiece's precompiled_charsmap: a Darts-clone double array over UTF-8 that maps characters (such as full-width letters) to their
/// replacements. Layout: length of the array in bytes, the array (uint32), then zero-terminated UTF-8 replacements.
/// See https://github.com/s-yata/darts-clone and sentencepiece's normalizer.cc.
/// </summary>
internal sealed class UnigramCharsmap
{
    private readonly uint[] units;
    private readonly byte[] replacements;

    internal UnigramCharsmap(byte[] blob, string file)
    {
        var size = blob.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(blob);
        if (size <= 0 || size % 4 != 0 || size > blob.Length - 4)
            throw new CheckpointException($"'{file}': precompiled_charsmap says its table has {size} bytes, but {blob.Length} came in all. Download the file again.");
        units = new uint[size / 4];
        blob.AsSpan(4, size).CopyTo(MemoryMarshal.AsBytes(units.AsSpan()));
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(units, units);
        replacements = blob[(4 + size)..];
    }

    /// <summary>
    /// The replacement of the shortest prefix of <paramref name="text"/> that has one, or null when none has. The shortest, and for the whole
    /// text: that is how the reference library uses the table.
    /// </summary>
    internal string? Replacement(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[16];
        if (!Encoding.UTF8.TryGetBytes(text, utf8, out var length)) return null;
        var position = Offset(units[0]);
        foreach (var b in utf8[..length])
        {
            if (b == 0) return null;
            position ^= b;
            if (position >= units.Length) return null;
            var unit = units[position];
            if ((unit & 0x800000FF) != b) return null;
            position ^= Offset(unit);
            if (((unit >> 8) & 1) == 0) continue;
            if (position >= units.Length) return null;
            var start = (int)(units[position] & 0x7FFFFFFF);
            if (start >= replacements.Length) return null;
            var rest = replacements.AsSpan(start);
            var end = rest.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
        }

        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 512) >> 6);
}

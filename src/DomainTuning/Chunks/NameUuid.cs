using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DomainTuning.Chunks;

/// <summary>UUIDs of version 5 (RFC 9562, section 5.5): the same name in the same name space has the same id on every machine.</summary>
public static class NameUuid
{
    public static Guid Of(Guid nameSpace, string name)
    {
        var input = new byte[16 + Encoding.UTF8.GetByteCount(name)];
        nameSpace.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(name, input.AsSpan(16));
#pragma warning disable CA5350 // RFC 9562 defines version 5 with SHA-1; it names, it does not protect.
        var hash = SHA1.HashData(input);
#pragma warning restore CA5350
        var high = BinaryPrimitives.ReadUInt16BigEndian(hash.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(hash.AsSpan(6), (ushort)((high & 0x0FFF) | 0x5000));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>Names a chunk: a version-5 UUID (RFC 9562) of corpus, document, position and text, so the same chunk has the same id on every machine and in every store.</summary>
public readonly record struct ChunkId(Guid Value)
{
    /// <summary>The name space of DomainTuning chunks.</summary>
    private static readonly Guid Namespace = new("5f0a7c1e-3a51-5b0e-9d27-6d0c5b1f4e11");

    public static ChunkId From(string corpus, DocumentId document, int position, string text) =>
        new(NameBased($"{corpus}\n{document.Value}\n{position}\n{text}"));

    public static ChunkId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("D");

    private static Guid NameBased(string name)
    {
        var input = new byte[16 + Encoding.UTF8.GetByteCount(name)];
        Namespace.TryWriteBytes(input, bigEndian: true, out _);
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

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// Names every point by what it is (UUID version 5), so that an upsert that is made again writes the same points. What belongs to a document is named with the
/// generation that stored it: two versions of a document never share a point.
/// </summary>
internal static class PointIds
{
    private static readonly Guid Namespace = new("0d0f3c55-8c53-5a6b-9b0e-52a6d9a0c9d1");

    public static PointId State { get; } = From("state");

    public static PointId Manifest { get; } = From("manifest");

    public static PointId Of(ChunkId chunk, long generation) => From($"chunk\n{chunk}\n{generation}");

    public static PointId OfPage(DocumentId document, int page, long generation) => From($"page\n{document}\n{page}\n{generation}");

    public static PointId Of(DocumentId document, long generation) => From($"document\n{document}\n{generation}");

    private static PointId From(string name)
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
        return new PointId { Uuid = new Guid(hash.AsSpan(0, 16), bigEndian: true).ToString("D") };
    }
}

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

    private static PointId From(string name) => new() { Uuid = NameUuid.Of(Namespace, name).ToString("D") };
}

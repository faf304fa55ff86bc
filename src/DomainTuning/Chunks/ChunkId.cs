using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>Names a chunk: a version-5 UUID (RFC 9562) of corpus, document, position and text, so the same chunk has the same id on every machine and in every store.</summary>
public readonly record struct ChunkId(Guid Value)
{
    /// <summary>The name space of DomainTuning chunks.</summary>
    private static readonly Guid Namespace = new("5f0a7c1e-3a51-5b0e-9d27-6d0c5b1f4e11");

    public static ChunkId From(string corpus, DocumentId document, int position, string text) =>
        new(NameUuid.Of(Namespace, $"{corpus}\n{document.Value}\n{position}\n{text}"));

    public static ChunkId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("D");
}

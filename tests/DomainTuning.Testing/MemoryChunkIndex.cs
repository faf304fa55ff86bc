using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Testing;

/// <summary>The plainest index that keeps the contract: everything in one immutable list, every search from scratch. The yardstick for the real stores.</summary>
public sealed class MemoryChunkIndex(IndexManifest manifest) : ChunkIndex
{
    private volatile IReadOnlyList<Entry> entries = [];
    private readonly Lock writing = new();

    public override IndexManifest Manifest { get; } = manifest;

    public override Task StoreAsync(
        IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (chunks.Any(chunk => chunk.Vector.Length != Manifest.Embedder.Dimensions)) throw new ArgumentException($"Vectors must have {Manifest.Embedder.Dimensions} dimensions.", nameof(chunks));
        if (chunks.Any(chunk => chunk.Chunk.DocumentId != document.Id)) throw new ArgumentException("A chunk belongs to another document.", nameof(chunks));
        var entry = new Entry(document with { Chunks = chunks.Count }, pages, [.. chunks.OrderBy(chunk => chunk.Chunk.Position)]);
        lock (writing)
            entries = [.. entries.Where(other => other.Document.Path != document.Path && other.Document.Id != document.Id).Append(entry).OrderBy(other => other.Document.Path, StringComparer.Ordinal)];
        return Task.CompletedTask;
    }

    public override Task<bool> DeleteAsync(DocumentId document, CancellationToken cancellationToken = default)
    {
        lock (writing)
        {
            var before = entries.Count;
            entries = [.. entries.Where(entry => entry.Document.Id != document)];
            return Task.FromResult(entries.Count < before);
        }
    }

    public override Task<IReadOnlyList<IndexedDocument>> DocumentsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<IndexedDocument>>([.. entries.Select(entry => entry.Document)]);

    public override Task<PageText?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken = default) =>
        Task.FromResult(entries.FirstOrDefault(entry => entry.Document.Id == document)?.Pages.FirstOrDefault(text => text.Number == page));

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(IReadOnlyList<ChunkId> ids, CancellationToken cancellationToken = default)
    {
        var byId = Passing(ChunkFilter.None).ToDictionary(chunk => chunk.Chunk.Id, chunk => chunk.Chunk);
        return Task.FromResult<IReadOnlyList<Chunk>>([.. ids.Where(byId.ContainsKey).Select(id => byId[id])]);
    }

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(DocumentId document, int firstPosition, int lastPosition, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<Chunk>>([.. Passing(new ChunkFilter { Documents = [document] })
            .Select(chunk => chunk.Chunk).Where(chunk => chunk.Position >= firstPosition && chunk.Position <= lastPosition)]);

    public override async IAsyncEnumerable<EmbeddedChunk> ScrollAsync(ChunkFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var chunk in Passing(filter))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return chunk;
        }

        await Task.CompletedTask;
    }

    public override Task<int> CountAsync(ChunkFilter filter, CancellationToken cancellationToken = default) => Task.FromResult(Passing(filter).Count());

    public override Task<IReadOnlyList<ScoredChunk>> SearchDenseAsync(ReadOnlyMemory<float> vector, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        if (vector.Length != Manifest.Embedder.Dimensions) throw new ArgumentException($"The query must have {Manifest.Embedder.Dimensions} dimensions.", nameof(vector));
        return Task.FromResult(Ranked(Passing(filter).Select(chunk => new ScoredChunk(chunk.Chunk, TensorPrimitives.Dot(vector.Span, chunk.Vector.Span))), limit));
    }

    public override Task<IReadOnlyList<ScoredChunk>> SearchLexicalAsync(string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var asked = Analyzer.Analyze(query);
        var now = entries; // one moment of the index, also when a writer comes between the two looks at it
        var chunks = Passing(now, ChunkFilter.None).Select(chunk => (chunk.Chunk, Text: Analyzer.Analyze(chunk.Chunk.EmbeddedText))).ToList();
        var bm25 = new Bm25([.. chunks.Select(chunk => asked.Terms.Count > 0 ? chunk.Text.Terms : chunk.Text.Fallbacks)]);
        var passing = Passing(now, filter).Select(chunk => chunk.Chunk.Id).ToHashSet();
        var scored = chunks.Zip(bm25.Score(asked.QueryTerms), (chunk, score) => new ScoredChunk(chunk.Chunk, score));
        return Task.FromResult(Ranked(scored.Where(chunk => chunk.Score > 0 && passing.Contains(chunk.Chunk.Id)), limit));
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IReadOnlyList<ScoredChunk> Ranked(IEnumerable<ScoredChunk> scored, int limit) =>
        [.. scored.OrderByDescending(chunk => chunk.Score).ThenBy(chunk => chunk.Chunk.Id.Value).Take(limit)];

    private IEnumerable<EmbeddedChunk> Passing(ChunkFilter filter) => Passing(entries, filter);

    private static IEnumerable<EmbeddedChunk> Passing(IReadOnlyList<Entry> entries, ChunkFilter filter) => entries
        .Where(entry => filter.Documents.Count == 0 || filter.Documents.Contains(entry.Document.Id))
        .SelectMany(entry => entry.Chunks)
        .Where(chunk => filter.Tags.Count == 0 || chunk.Chunk.Tags.Any(filter.Tags.Contains));

    private sealed record Entry(IndexedDocument Document, IReadOnlyList<PageText> Pages, IReadOnlyList<EmbeddedChunk> Chunks);
}

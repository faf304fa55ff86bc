using System.Numerics.Tensors;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Stores;

/// <summary>What a migration did and found.</summary>
/// <param name="Moved">Documents that were carried over now.</param>
/// <param name="Kept">Documents that were there already.</param>
/// <param name="Compared">Chunks whose text and vector were compared.</param>
/// <param name="Problems">One sentence each; none when both indexes hold the same.</param>
public sealed record MigrationReport(int Moved, int Kept, int Chunks, int Compared, IReadOnlyList<string> Problems);

/// <summary>
/// Carries an index from one store to another, document by document, with the vectors that are there: nothing is embedded again. A run that was broken off goes
/// on where it stopped, because what has arrived whole is kept.
/// </summary>
public static class IndexMigration
{
    /// <summary>Of so many documents one is compared, chunk by chunk.</summary>
    private const int SampleEvery = 10;

    /// <param name="from">Is only read.</param>
    /// <param name="to">Opened for writing with the manifest of <paramref name="from"/>.</param>
    /// <param name="progress">Told how many documents are done, of how many.</param>
    public static async Task<MigrationReport> RunAsync(ChunkIndex from, ChunkIndex to, IProgress<(int Done, int Of)>? progress, CancellationToken cancellationToken = default)
    {
        var documents = await from.DocumentsAsync(cancellationToken).ConfigureAwait(false);
        var there = (await to.DocumentsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(document => document.Id);
        var (moved, kept) = (0, 0);
        for (var i = 0; i < documents.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (there.TryGetValue(documents[i].Id, out var known) && IsSame(known, documents[i])) kept++;
            else
            {
                await MoveAsync(from, to, documents[i], cancellationToken).ConfigureAwait(false);
                moved++;
            }

            progress?.Report((i + 1, documents.Count));
        }

        var (compared, problems) = await CompareAsync(from, to, documents, cancellationToken).ConfigureAwait(false);
        return new MigrationReport(moved, kept, documents.Sum(document => document.Chunks), compared, problems);
    }

    private static bool IsSame(IndexedDocument one, IndexedDocument other) => one with { Tags = [] } == other with { Tags = [] } && one.Tags.SequenceEqual(other.Tags, StringComparer.Ordinal);

    private static async Task MoveAsync(ChunkIndex from, ChunkIndex to, IndexedDocument document, CancellationToken cancellationToken)
    {
        var pages = new List<PageText>(document.Pages);
        for (var number = 1; number <= document.Pages; number++)
            if (await from.PageAsync(document.Id, number, cancellationToken).ConfigureAwait(false) is { } page) pages.Add(page);
        var chunks = await ChunksAsync(from, document, cancellationToken).ConfigureAwait(false);
        await to.StoreAsync(document, pages, chunks, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<(int Compared, IReadOnlyList<string> Problems)> CompareAsync(ChunkIndex from, ChunkIndex to, IReadOnlyList<IndexedDocument> documents, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var arrived = (await to.DocumentsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(document => document.Id);
        var strangers = arrived.Keys.Except(documents.Select(document => document.Id)).Count();
        if (strangers > 0) problems.Add($"{strangers} documents are in the target and not in the source. Delete them, or migrate into an empty index.");
        var missing = documents.Count(document => !arrived.TryGetValue(document.Id, out var other) || !IsSame(document, other));
        if (missing > 0) problems.Add($"{missing} documents did not arrive. Run the same command again.");
        var (left, right) = (await from.CountAsync(ChunkFilter.None, cancellationToken).ConfigureAwait(false), await to.CountAsync(ChunkFilter.None, cancellationToken).ConfigureAwait(false));
        if (strangers == 0 && left != right) problems.Add($"The source holds {left} chunks, the target {right}. Run 'domaintuning index verify' on both.");
        var compared = 0;
        for (var i = 0; i < documents.Count; i += SampleEvery)
        {
            var (ours, theirs) = (await ChunksAsync(from, documents[i], cancellationToken).ConfigureAwait(false), await ChunksAsync(to, documents[i], cancellationToken).ConfigureAwait(false));
            compared += ours.Count;
            if (!ours.Zip(theirs).All(pair => pair.First.Chunk.Id == pair.Second.Chunk.Id && pair.First.Chunk.Text == pair.Second.Chunk.Text && AreSame(pair.First.Vector, pair.Second.Vector)) || ours.Count != theirs.Count)
                problems.Add($"'{documents[i].Path}' is not the same in the target. Delete it there and run the same command again.");
        }

        return (compared, problems);
    }

    /// <summary>A server may normalise once more.</summary>
    private static bool AreSame(ReadOnlyMemory<float> one, ReadOnlyMemory<float> other) => one.Length == other.Length && TensorPrimitives.Distance(one.Span, other.Span) < 1e-4f;

    private static async Task<List<EmbeddedChunk>> ChunksAsync(ChunkIndex index, IndexedDocument document, CancellationToken cancellationToken)
    {
        var chunks = new List<EmbeddedChunk>(document.Chunks);
        if (document.Chunks == 0) return chunks;
        await foreach (var chunk in index.ScrollAsync(new ChunkFilter { Documents = [document.Id] }, cancellationToken).ConfigureAwait(false)) chunks.Add(chunk);
        return chunks;
    }
}

using System.Collections.Concurrent;
using DomainTuning.Arms;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Ingest;
using DomainTuning.Server.Api;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Server.Documents;

/// <summary>
/// Changes corpora while they are served: the command line's own pipeline over the encoders that are open already. Requests for one corpus take turns; another
/// process that writes it is a conflict.
/// </summary>
internal sealed class CorpusWriter(ArmCatalog arms, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> turns = new(StringComparer.Ordinal);

    public Task<IngestReport> IngestAsync(IngestOptions options, IProgress<IngestProgress> progress, CancellationToken cancellationToken) => InTurnAsync(
        options.Corpus, options,
        (index, embedder) => IngestRun.RunAsync(options, index, embedder, progress, time, cancellationToken), cancellationToken);

    /// <returns>False when there was no such document.</returns>
    public Task<bool> DeleteAsync(string corpus, DocumentId document, CancellationToken cancellationToken) => InTurnAsync(
        corpus, null, (index, _) => index.DeleteAsync(document, cancellationToken), cancellationToken);

    private async Task<T> InTurnAsync<T>(string corpus, IngestOptions? options, Func<ChunkIndex, Embedder, Task<T>> work, CancellationToken cancellationToken)
    {
        var turn = turns.GetOrAdd(corpus, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var file = arms.Workspace.IndexFile(corpus);
            var built = await SqliteChunkIndex.ReadManifestAsync(file, cancellationToken).ConfigureAwait(false);
            var embedder = await arms.EmbedderAsync(built?.Embedder.Id ?? arms.Settings.Embedder, cancellationToken).ConfigureAwait(false);
            var manifest = new IndexManifest { Corpus = corpus, Embedder = embedder.Identity, Chunking = built?.Chunking ?? options?.Chunking ?? new() };
            var index = await OpenAsync(file, manifest, cancellationToken).ConfigureAwait(false);
            await using (index.ConfigureAwait(false))
                return await work(index, embedder).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private static async Task<ChunkIndex> OpenAsync(string file, IndexManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            return await SqliteChunkIndex.OpenForWritingAsync(file, manifest, cancellationToken).ConfigureAwait(false);
        }
        catch (IndexException e)
        {
            throw new ApiException(409, e.Message, code: "corpus_unusable");
        }
    }
}

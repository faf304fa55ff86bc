using DomainTuning.Documents;
using DomainTuning.Indexing;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>The writing half: points first, invisible by their generation, then the state, which makes them count. See <see cref="IndexState"/>.</summary>
public sealed partial class QdrantChunkIndex
{
    /// <summary>Replaced generations that may wait for their deletion: each lengthens every filter a little, each deletion may make a reader look again.</summary>
    private const int MostHidden = 32;

    /// <summary>Bytes of an upsert. Default of servers and proxies is 32 MB and more; a quarter leaves room.</summary>
    private const int MostBytes = 8 << 20;

    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CancellationTokenSource closing = new();
    private string? token;
    private Task renewing = Task.CompletedTask;

    /// <summary>As this writer last wrote it; null after a commit with unknown outcome.</summary>
    private IndexState? own;
    private long next;
    private List<long> broken = [];
    private Dictionary<DocumentId, StoredDocument> live = [];

    public override Task StoreAsync(
        IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken = default)
    {
        foreach (var (chunk, vector) in chunks)
        {
            if (vector.Length != Manifest.Embedder.Dimensions)
                throw new ArgumentException($"Chunk {chunk.Id} has a vector of {vector.Length} dimensions; index '{Name}' holds {Manifest.Embedder.Dimensions}.", nameof(chunks));
            if (chunk.DocumentId != document.Id)
                throw new ArgumentException($"Chunk {chunk.Id} belongs to document {chunk.DocumentId}, not to {document.Id}.", nameof(chunks));
        }

        return WriteAsync(
            async () =>
            {
                var generation = next;
                var stored = new StoredDocument(document with { Chunks = chunks.Count }, generation);
                try
                {
                    foreach (var batch in Batches(Points(stored, pages, chunks))) await UpsertAsync(batch, $"storing '{document.Path}'", cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    // What came through never counts, nor what may still be on its way.
                    broken.Add(generation);
                    next++;
                    throw;
                }

                List<StoredDocument> replaced = [.. live.Values.Where(other => other.Document.Id == document.Id || other.Document.Path == document.Path)];
                await CommitAsync(generation, replaced, $"storing '{document.Path}'").ConfigureAwait(false);
                live[document.Id] = stored;
                return true;
            },
            cancellationToken);
    }

    public override Task<bool> DeleteAsync(DocumentId document, CancellationToken cancellationToken = default) => WriteAsync(
        async () =>
        {
            if (!live.TryGetValue(document, out var stored)) return false;
            await CommitAsync(next, [stored], $"deleting document {document}").ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        if (disposed) return;
        await closing.CancelAsync().ConfigureAwait(false);
        await renewing.ConfigureAwait(false);
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (own is { } state && token is not null)
            {
                if (state.Hidden.Count > 0) await PurgeAsync(CancellationToken.None).ConfigureAwait(false);
                await PutAsync(own with { Writer = "", Token = "", WriterUntil = 0 }, "closing").ConfigureAwait(false);
            }
        }
        catch (IndexException)
        {
            // The next writer cleans up, and takes over when the promise has run out.
        }
        finally
        {
            disposed = true;
            writing.Dispose();
            closing.Dispose();
            connection.Dispose();
        }
    }

    /// <summary>Becomes the writer, and takes out what a broken run left.</summary>
    private async Task TakeWritingAsync(CancellationToken cancellationToken)
    {
        var found = await StateAsync(cancellationToken).ConfigureAwait(false);
        if (WriterToken.IsHeld(found)) throw BeingWritten(Name, found);
        token = WriterToken.New();
        // A writer that died, or seems to have, may have points of its next generation on the way: that number is given up.
        var left = found.Token.Length > 0 ? found.Commit(found.Committed + 1, [], [found.Committed + 1]) : found;
        await PutAsync(left with { Writer = WriterToken.Describe(), Purged = left.Committed }, "opening it for writing").ConfigureAwait(false);
        await DeletePointsAsync(Where.Above(Payloads.Generation, own!.Committed), cancellationToken).ConfigureAwait(false);
        await PurgeAsync(cancellationToken).ConfigureAwait(false);
        await LearnAsync(cancellationToken).ConfigureAwait(false);
        renewing = Task.Run(RenewAsync, CancellationToken.None);
    }

    /// <summary>One write at a time. After a commit whose outcome is unknown, what is stored is read again first.</summary>
    private async Task<bool> WriteAsync(Func<Task<bool>> write, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (token is null) throw new InvalidOperationException($"Index '{Name}' was opened for reading. Open it with OpenForWritingAsync to change it.");
        await writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (own is null) await LearnAsync(cancellationToken).ConfigureAwait(false);
            return await write().ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        var state = await StateAsync(cancellationToken).ConfigureAwait(false);
        if (state.Token != token) throw TakenOver(state);
        live = (await ListAsync(state, cancellationToken).ConfigureAwait(false)).Stored.ToDictionary(document => document.Document.Id);
        // Points of a commit that did not come through carry the number that it would have made count.
        if (next > state.Committed) broken.Add(next);
        next = Math.Max(next, state.Committed) + 1;
        own = state;
    }

    private async Task CommitAsync(long generation, IReadOnlyList<StoredDocument> replaced, string doing)
    {
        await PutAsync(own!.Commit(generation, replaced.Select(document => document.Generation), broken), doing).ConfigureAwait(false);
        broken = [];
        next = generation + 1;
        foreach (var document in replaced) live.Remove(document.Document.Id);
        if (own.Hidden.Count < MostHidden) return;
        try
        {
            await PurgeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (IndexException)
        {
            // The commit stands; the next purge takes these too.
        }
    }

    /// <summary>Deletes what no longer counts. Readers learn of it first.</summary>
    private async Task PurgeAsync(CancellationToken cancellationToken)
    {
        if (own!.Hidden.Count + own.Abandoned.Count == 0) return;
        if (own.Purged < own.Committed) await PutAsync(own with { Purged = own.Committed }, "cleaning up").ConfigureAwait(false);
        await DeletePointsAsync(Where.In(Payloads.Generation, own.Hidden.Concat(own.Abandoned)), cancellationToken).ConfigureAwait(false);
        if (own.Hidden.Count > 0) await PutAsync(own with { Hidden = [] }, "cleaning up").ConfigureAwait(false);
    }

    /// <summary>
    /// Writes the state if it is still the one that this writer knows. Made again after a cut connection it does nothing where the first call came through,
    /// and reading it back tells whose state stands. Never cancelled: half a commit does not exist.
    /// </summary>
    private async Task PutAsync(IndexState state, string doing)
    {
        var put = state with { Revision = state.Revision + 1, Token = state.Writer.Length == 0 ? "" : token!, WriterUntil = state.Writer.Length == 0 ? 0 : WriterToken.PromisedUntil() };
        own = null;
        var point = new PointStruct { Id = PointIds.State, Vectors = new Vectors { Vectors_ = new NamedVectors() } };
        put.Write(point.Payload);
        var upsert = new UpsertPoints
        {
            CollectionName = collection, Wait = true, Points = { point }, Ordering = connection.Writing,
            UpdateFilter = new Filter { Must = { Where.Is(Payloads.Revision, state.Revision) } },
        };
        await connection.CallAsync(doing, call => connection.Points.UpsertAsync(upsert, call), CancellationToken.None).ConfigureAwait(false);
        var stands = await StateAsync(CancellationToken.None).ConfigureAwait(false);
        if (stands.Revision != put.Revision || stands.Token != put.Token) throw TakenOver(stands);
        own = stands;
    }

    private async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(WriterToken.Renewal, closing.Token).ConfigureAwait(false);
                await writing.WaitAsync(closing.Token).ConfigureAwait(false);
                try
                {
                    if (own is not null) await PutAsync(own, "renewing the right to write").ConfigureAwait(false);
                }
                catch (IndexException)
                {
                    // The next write says it, where somebody hears it.
                }
                finally
                {
                    writing.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private IEnumerable<PointStruct> Points(StoredDocument stored, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks)
    {
        foreach (var (chunk, vector) in chunks)
        {
            var dense = new DenseVector();
            dense.Data.AddRange(vector.ToArray());
            var vectors = new NamedVectors { Vectors = { [CollectionLayout.Dense] = new Vector { Dense = dense } } };
            if (WordWeights.OfChunk(chunk.EmbeddedText, card.AverageLength) is { } words) vectors.Vectors[CollectionLayout.Words] = new Vector { Sparse = words };
            var point = new PointStruct { Id = PointIds.Of(chunk.Id, stored.Generation), Vectors = new Vectors { Vectors_ = vectors } };
            Payloads.Write(point.Payload, chunk, stored.Generation);
            yield return point;
        }

        foreach (var page in pages)
        {
            var point = new PointStruct { Id = PointIds.OfPage(stored.Document.Id, page.Number, stored.Generation), Vectors = new Vectors { Vectors_ = new NamedVectors() } };
            Payloads.Write(point.Payload, stored.Document.Id, page, stored.Generation);
            yield return point;
        }

        var last = new PointStruct { Id = PointIds.Of(stored.Document.Id, stored.Generation), Vectors = new Vectors { Vectors_ = new NamedVectors() } };
        Payloads.Write(last.Payload, stored.Document, stored.Generation);
        yield return last;
    }

    private IEnumerable<UpsertPoints> Batches(IEnumerable<PointStruct> points)
    {
        UpsertPoints? batch = null;
        var bytes = 0;
        foreach (var point in points)
        {
            var size = point.CalculateSize();
            if (batch is not null && (batch.Points.Count == limits.Upsert || bytes + size > MostBytes))
            {
                yield return batch;
                batch = null;
            }

            if (batch is null) (batch, bytes) = (new UpsertPoints { CollectionName = collection, Wait = true, Ordering = connection.Writing }, 0);
            batch.Points.Add(point);
            bytes += size;
        }

        if (batch is not null) yield return batch;
    }

    private async Task UpsertAsync(UpsertPoints batch, string doing, CancellationToken cancellationToken)
    {
        var answer = await connection.CallAsync(doing, call => connection.Points.UpsertAsync(batch, call), cancellationToken).ConfigureAwait(false);
        if (answer.Result.Status != UpdateStatus.Completed)
            throw new IndexException($"The Qdrant server took the points, but had not stored them in time ({doing}: {answer.Result.Status}). Run the same command again.");
    }

    private Task<PointsOperationResponse> DeletePointsAsync(Condition which, CancellationToken cancellationToken)
    {
        var delete = new DeletePoints { CollectionName = collection, Wait = true, Ordering = connection.Writing, Points = new PointsSelector { Filter = new Filter { Must = { which } } } };
        return connection.CallAsync("cleaning up", call => connection.Points.DeleteAsync(delete, call), cancellationToken);
    }

    private IndexException TakenOver(IndexState state) => new(
        $"Index '{Name}' was taken over by {(state.Writer.Length > 0 ? state.Writer : "another writer")}, because this one had not written for {WriterToken.Promise.TotalSeconds:0} s. What it stored stays; run the same command again when the other has ended.");
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// An index in one SQLite file (write-ahead log beside it). One process writes; any number read meanwhile and see each document as soon as it is stored.
/// Every read sees one state of the file. A search looks at every chunk: vectors are held in memory once searched, words come from FTS5.
/// </summary>
public sealed partial class SqliteChunkIndex : ChunkIndex
{
    private readonly string file;
    private readonly ConcurrentBag<SqliteConnection> readers = [];
    private readonly Lock publishing = new();
    private Snapshot? latest;
    private volatile bool disposed;

    private SqliteChunkIndex(string file, IndexManifest manifest)
    {
        this.file = file;
        Manifest = manifest;
    }

    public override IndexManifest Manifest { get; }

    /// <summary>Opens an index to read it; a writer may be at work in another process.</summary>
    /// <exception cref="IndexException">There is none, it is damaged, or it was built with another embedder.</exception>
    public static Task<SqliteChunkIndex> OpenAsync(string file, EmbedderIdentity expected, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var manifest = ReadManifest(file) ?? throw new IndexException($"There is no index at '{file}'. Run 'domaintuning ingest <folder> --corpus {Path.GetFileNameWithoutExtension(file)}' first.");
            ManifestMismatch.Check(file, manifest.Embedder, expected);
            return new SqliteChunkIndex(file, manifest);
        },
        cancellationToken);

    /// <summary>What an index was built with; null when there is none.</summary>
    /// <exception cref="IndexException">The file is damaged, of another format, or no index.</exception>
    public static Task<IndexManifest?> ReadManifestAsync(string file, CancellationToken cancellationToken = default) => Task.Run(() => ReadManifest(file), cancellationToken);

    public override Task<IReadOnlyList<IndexedDocument>> DocumentsAsync(CancellationToken cancellationToken = default) => ReadAsync<IReadOnlyList<IndexedDocument>>(
        connection => Latest(connection) is { } snapshot ? snapshot.Documents : [.. Rows.Documents(connection).Select(row => row.Document)], cancellationToken);

    public override Task<PageText?> PageAsync(DocumentId document, int page, CancellationToken cancellationToken = default) => ReadAsync(
        connection =>
        {
            using var command = connection.Command(
                "SELECT p.number, p.label, p.width, p.height, p.text, p.lines FROM pages p JOIN documents d ON d.key = p.document WHERE d.id = ?1 AND p.number = ?2", document.Value, page);
            using var reader = command.ExecuteReader();
            return reader.Read() ? Rows.ToPage(reader) : null;
        },
        cancellationToken);

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(IReadOnlyList<ChunkId> ids, CancellationToken cancellationToken = default) => ReadAsync<IReadOnlyList<Chunk>>(
        connection =>
        {
            var chunks = new List<Chunk>(ids.Count);
            using var command = connection.Command($"SELECT {Rows.ChunkColumns} FROM chunks c JOIN documents d ON d.key = c.document WHERE c.id = ?1");
            foreach (var id in ids)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var reader = command.ReadWith(Blobs.From(id));
                if (reader.Read()) chunks.Add(Rows.ToChunk(reader));
            }

            return chunks;
        },
        cancellationToken);

    public override Task<IReadOnlyList<Chunk>> ChunksAsync(DocumentId document, int firstPosition, int lastPosition, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Chunk>>(
            connection =>
            {
                var chunks = new List<Chunk>();
                using var command = connection.Command(
                    $"SELECT {Rows.ChunkColumns} FROM chunks c JOIN documents d ON d.key = c.document WHERE d.id = ?1 AND c.position BETWEEN ?2 AND ?3 ORDER BY c.position",
                    document.Value, firstPosition, lastPosition);
                using var reader = command.ExecuteReader();
                while (reader.Read()) chunks.Add(Rows.ToChunk(reader));
                return chunks;
            },
            cancellationToken);

    /// <summary>All of it is one state of the index, also while a writer goes on.</summary>
    public override async IAsyncEnumerable<EmbeddedChunk> ScrollAsync(ChunkFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var connection = await Task.Run(() => Explaining("reading", Lease), cancellationToken).ConfigureAwait(false);
        var whole = false;
        try
        {
            using var view = connection.BeginTransaction(deferred: true);
            foreach (var (key, _) in Explaining("reading", () => Rows.Documents(connection)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var chunk in Explaining("reading", () => ChunksOf(connection, key, filter)))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return chunk;
                }
            }

            view.Commit();
            whole = true;
        }
        finally
        {
            if (whole) Return(connection);
            else connection.Dispose();
        }
    }

    public override Task<int> CountAsync(ChunkFilter filter, CancellationToken cancellationToken = default) => ReadAsync(
        connection => (int)(filter.IsEmpty
            ? connection.Number("SELECT count(*) FROM chunks")
            : connection.Number($"SELECT count(*) FROM chunks c JOIN documents d ON d.key = c.document WHERE {Passing}", Documents(filter), Tags(filter))),
        cancellationToken);

    public override Task<IReadOnlyList<ScoredChunk>> SearchDenseAsync(ReadOnlyMemory<float> vector, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        if (vector.Length != Manifest.Embedder.Dimensions)
            throw new ArgumentException($"Index '{file}' holds vectors of {Manifest.Embedder.Dimensions} dimensions; the query has {vector.Length}. Embed it with {Manifest.Embedder.Id}.", nameof(vector));
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return ReadAsync<IReadOnlyList<ScoredChunk>>(connection => Chunks(connection, DenseSearch.Search(connection, Current(connection, cancellationToken), vector, limit, filter, cancellationToken)), cancellationToken);
    }

    public override Task<IReadOnlyList<ScoredChunk>> SearchLexicalAsync(string query, int limit, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return ReadAsync<IReadOnlyList<ScoredChunk>>(
            connection => Chunks(connection, LexicalSearch.Search(connection, Current(connection, cancellationToken), query, limit, filter, cancellationToken)), cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        disposed = true;
        while (readers.TryTake(out var reader)) reader.Dispose();
        DisposeWriter();
        return ValueTask.CompletedTask;
    }

    /// <summary>?1 and ?2 are lists in JSON; an empty list lets everything pass.</summary>
    private const string Passing =
        "(?1 = '[]' OR d.id IN (SELECT value FROM json_each(?1))) AND (?2 = '[]' OR EXISTS (SELECT 1 FROM json_each(c.tags) t JOIN json_each(?2) w ON w.value = t.value))";

    private static string Documents(ChunkFilter filter) => Rows.Json([.. filter.Documents.Select(document => document.Value)]);

    private static string Tags(ChunkFilter filter) => Rows.Json(filter.Tags);

    private static List<EmbeddedChunk> ChunksOf(SqliteConnection connection, long document, ChunkFilter filter)
    {
        var chunks = new List<EmbeddedChunk>();
        using var command = connection.Command(
            $"SELECT {Rows.ChunkColumns}, v.vector FROM chunks c JOIN documents d ON d.key = c.document JOIN vectors v ON v.chunk = c.key WHERE {Passing} AND c.document = ?3 ORDER BY c.position",
            Documents(filter), Tags(filter), document);
        using var reader = command.ExecuteReader();
        while (reader.Read()) chunks.Add(new EmbeddedChunk(Rows.ToChunk(reader), Blobs.ToVector(reader.Bytes(8))));
        return chunks;
    }

    private static List<ScoredChunk> Chunks(SqliteConnection connection, IReadOnlyList<Hit> hits)
    {
        var chunks = new List<ScoredChunk>(hits.Count);
        using var command = connection.Command($"SELECT {Rows.ChunkColumns} FROM chunks c JOIN documents d ON d.key = c.document WHERE c.key = ?1");
        foreach (var hit in hits)
        {
            using var reader = command.ReadWith(hit.Key);
            if (reader.Read()) chunks.Add(new ScoredChunk(Rows.ToChunk(reader), hit.Score));
        }

        return chunks;
    }

    /// <summary>The snapshot of the connection's state of the file, taken anew where the one at hand is another.</summary>
    private Snapshot Current(SqliteConnection connection, CancellationToken cancellationToken)
    {
        if (Latest(connection) is { } current) return current;
        lock (publishing)
        {
            if (Latest(connection) is { } meanwhile) return meanwhile;
            ManifestMismatch.Check(file, Schema.ReadManifest(connection, file).Embedder, Manifest.Embedder);
            var read = Snapshot.Read(connection, Schema.Generation(connection), Manifest.Embedder.Dimensions, latest, cancellationToken);
            if (latest is null || latest.Generation < read.Generation) latest = read;
            return read;
        }
    }

    private Snapshot? Latest(SqliteConnection connection) => Volatile.Read(ref latest) is { } snapshot && snapshot.Generation == Schema.Generation(connection) ? snapshot : null;

    private static IndexManifest? ReadManifest(string file)
    {
        if (!File.Exists(file)) return null;
        try
        {
            using var connection = Sql.Open(file, SqliteOpenMode.ReadOnly);
            return Schema.IsEmpty(connection) ? null : Schema.ReadManifest(connection, file);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Explain(error, file, "opening");
        }
    }

    /// <summary>Runs on a pool thread, within one read transaction: everything it reads is of one state.</summary>
    private Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken) => Task.Run(
        () => Explaining("reading", () =>
        {
            var connection = Lease();
            try
            {
                T result;
                using (var view = connection.BeginTransaction(deferred: true))
                {
                    result = read(connection);
                    view.Commit();
                }

                Return(connection);
                return result;
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }),
        cancellationToken);

    private SqliteConnection Lease()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return readers.TryTake(out var free) ? free : Sql.Open(file, SqliteOpenMode.ReadOnly);
    }

    private void Return(SqliteConnection connection)
    {
        readers.Add(connection);
        if (disposed && readers.TryTake(out var late)) late.Dispose();
    }

    private T Explaining<T>(string doing, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.Explain(error, file, doing);
        }
    }
}

using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>The writing half: one connection, one transaction a document.</summary>
public sealed partial class SqliteChunkIndex
{
    private readonly SemaphoreSlim writing = new(1, 1);
    private WriterLock? writerLock;
    private SqliteConnection? writer;

    /// <summary>Opens an index to store documents in it, and creates it where there is none.</summary>
    /// <exception cref="IndexException">Another process writes to it, it is damaged, or it was built with another embedder, other chunking or for another corpus.</exception>
    public static Task<SqliteChunkIndex> OpenForWritingAsync(string file, IndexManifest expected, CancellationToken cancellationToken = default) =>
        Task.Run(() => OpenForWriting(file, expected, rebuild: false), cancellationToken);

    /// <summary>
    /// Opens an index to fill it from nothing: what is in it is taken out, whatever it was built with; a file that is damaged or of another format is kept under its name with ".damaged".
    /// Readers go on reading; those with another embedder than the new one are told.
    /// </summary>
    /// <exception cref="IndexException">Another process writes to it, or the file is an SQLite file of something else.</exception>
    public static Task<SqliteChunkIndex> RebuildAsync(string file, IndexManifest manifest, CancellationToken cancellationToken = default) =>
        Task.Run(() => OpenForWriting(file, manifest, rebuild: true), cancellationToken);

    public override Task StoreAsync(
        IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken = default)
    {
        foreach (var (chunk, vector) in chunks)
        {
            if (vector.Length != Manifest.Embedder.Dimensions)
                throw new ArgumentException($"Chunk {chunk.Id} has a vector of {vector.Length} dimensions; index '{file}' holds {Manifest.Embedder.Dimensions}.", nameof(chunks));
            if (chunk.DocumentId != document.Id)
                throw new ArgumentException($"Chunk {chunk.Id} belongs to document {chunk.DocumentId}, not to {document.Id}.", nameof(chunks));
        }

        return WriteAsync($"storing '{document.Path}'", connection => Store(connection, document, pages, chunks, cancellationToken), cancellationToken);
    }

    public override Task<bool> DeleteAsync(DocumentId document, CancellationToken cancellationToken = default) =>
        WriteAsync($"deleting document {document}", connection => Remove(connection, document, path: null), cancellationToken);

    private static SqliteChunkIndex OpenForWriting(string file, IndexManifest manifest, bool rebuild)
    {
        var held = WriterLock.Take(file, () => Holder(file));
        SqliteConnection? connection = null;
        try
        {
            if (rebuild) SetAsideIfUnusable(file);
            connection = Sql.Open(file, SqliteOpenMode.ReadWriteCreate);
            var isNew = Schema.IsEmpty(connection);
            var built = isNew ? manifest : Schema.ReadManifest(connection, file);
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
            if (isNew) Schema.Create(connection, manifest);
            else if (rebuild) Clear(connection, manifest);
            else ManifestMismatch.Check(file, built, manifest);
            connection.Execute("INSERT OR REPLACE INTO meta VALUES ('writer', ?1)", $"process {Environment.ProcessId} ({Path.GetFileName(Environment.ProcessPath)})");
            return new SqliteChunkIndex(file, manifest) { writer = connection, writerLock = held };
        }
        catch (Exception error)
        {
            connection?.Dispose();
            held.Dispose();
            if (error is SqliteException refused) throw SqliteErrors.Explain(refused, file, "opening it for writing");
            throw;
        }
    }

    private static void SetAsideIfUnusable(string file)
    {
        if (!File.Exists(file)) return;
        try
        {
            using var connection = Sql.Open(file, SqliteOpenMode.ReadOnly);
            if (Schema.IsEmpty(connection) || (Schema.IsOurs(connection) && Schema.IsCurrent(connection) && connection.Scalar("PRAGMA quick_check") is "ok")) return;
            if (!Schema.IsOurs(connection)) return;
        }
        catch (SqliteException error) when (SqliteErrors.IsDamage(error))
        {
        }

        File.Move(file, file + ".damaged", overwrite: true);
        File.Delete(file + "-wal");
        File.Delete(file + "-shm");
    }

    private static void Clear(SqliteConnection connection, IndexManifest manifest)
    {
        using var transaction = connection.BeginTransaction();
        Schema.Clear(connection, manifest);
        transaction.Commit();
    }

    /// <summary>Who wrote last; the lock says that it still does.</summary>
    private static string? Holder(string file)
    {
        try
        {
            using var connection = Sql.Open(file, SqliteOpenMode.ReadOnly);
            return connection.Scalar("SELECT value FROM meta WHERE name = 'writer'") as string;
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    private static bool Store(
        SqliteConnection connection, IndexedDocument document, IReadOnlyList<PageText> pages, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken)
    {
        Remove(connection, document.Id, document.Path);
        var key = connection.Number(
            "INSERT INTO documents(id, path, title, sha256, pages, chunks, tags, ingested_at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING key",
            document.Id.Value, document.Path, document.Title, document.Sha256, document.Pages, chunks.Count, Rows.Json(document.Tags),
            document.IngestedAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture), document.Note);
        InsertPages(connection, key, pages, cancellationToken);
        InsertChunks(connection, key, chunks, cancellationToken);
        return true;
    }

    private static void InsertPages(SqliteConnection connection, long document, IReadOnlyList<PageText> pages, CancellationToken cancellationToken)
    {
        using var insert = connection.Command("INSERT INTO pages(document, number, label, width, height, text, lines) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        foreach (var page in pages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            insert.ExecuteWith(document, page.Number, page.Label, page.Width, page.Height, page.Text, Blobs.From(page.Lines));
        }
    }

    private static void InsertChunks(SqliteConnection connection, long document, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken)
    {
        var key = Math.Max(connection.Number("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'"), connection.Number("SELECT max(key) FROM chunks"));
        using var insertChunk = connection.Command("INSERT INTO chunks(key, document, position, id, text, headings, parts, tokens, tags, terms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
        using var insertVector = connection.Command("INSERT INTO vectors(chunk, vector) VALUES (?1, ?2)");
        using var insertWords = connection.Command("INSERT INTO words(rowid, terms) VALUES (?1, ?2)");
        foreach (var (chunk, vector) in chunks.OrderBy(entry => entry.Chunk.Position))
        {
            cancellationToken.ThrowIfCancellationRequested();
            key++;
            var words = Analyzer.Analyze(chunk.EmbeddedText);
            insertChunk.ExecuteWith(
                key, document, chunk.Position, Blobs.From(chunk.Id), chunk.Text, Rows.Json(chunk.HeadingPath), Blobs.From(chunk.Parts), chunk.TokenCount, Rows.Json(chunk.Tags), words.Terms.Count);
            insertVector.ExecuteWith(key, Blobs.From(vector));
            insertWords.ExecuteWith(key, string.Join(' ', words.Terms.Concat(words.Fallbacks)));
        }
    }

    /// <summary>Takes out the document with this id, and whatever stands under the path.</summary>
    private static bool Remove(SqliteConnection connection, DocumentId document, string? path)
    {
        var found = false;
        while (connection.Scalar("SELECT key FROM documents WHERE id = ?1 OR path = ?2 LIMIT 1", document.Value, path) is long key)
        {
            connection.Execute("DELETE FROM words WHERE rowid IN (SELECT key FROM chunks WHERE document = ?1)", key);
            connection.Execute("DELETE FROM vectors WHERE chunk IN (SELECT key FROM chunks WHERE document = ?1)", key);
            connection.Execute("DELETE FROM chunks WHERE document = ?1", key);
            connection.Execute("DELETE FROM pages WHERE document = ?1", key);
            connection.Execute("DELETE FROM documents WHERE key = ?1", key);
            found = true;
        }

        return found;
    }

    /// <summary>One write at a time, all of it or nothing of it. <paramref name="write"/> says whether anything changed.</summary>
    private async Task<bool> WriteAsync(string doing, Func<SqliteConnection, bool> write, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (writer is null) throw new InvalidOperationException($"Index '{file}' was opened for reading. Open it with OpenForWritingAsync to change it.");
        await writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Explaining(doing, () => InTransaction(writer, write)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }

    private static bool InTransaction(SqliteConnection connection, Func<SqliteConnection, bool> write)
    {
        // Disposing an uncommitted transaction rolls it back. SQLite may have done so itself (a full disk): then there is nothing left to roll back.
        using var transaction = connection.BeginTransaction();
        var changed = write(connection);
        if (changed) Schema.RaiseGeneration(connection);
        transaction.Commit();
        return changed;
    }

    /// <summary>Lets a test fill the disk.</summary>
    internal void LimitPages(long pages) => writer!.Execute($"PRAGMA max_page_count = {pages}");

    private void DisposeWriter()
    {
        writing.Wait();
        writer?.Dispose();
        writerLock?.Dispose();
        writing.Dispose();
    }
}

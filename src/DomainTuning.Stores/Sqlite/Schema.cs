using System.Text.Json;
using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// The tables of an index file, and its manifest. Keys of documents and chunks are never used twice, and a document's chunks have consecutive keys in order of position:
/// what a reader keeps in memory under a key stays true for as long as that key exists.
/// </summary>
internal static class Schema
{
    /// <summary>"DTix", in the file's header: this is one of ours.</summary>
    private const long ApplicationId = 0x44546978;

    private const string Tables =
        """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE documents(
          key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, sha256 TEXT NOT NULL,
          pages INTEGER NOT NULL, chunks INTEGER NOT NULL, tags TEXT NOT NULL, ingested_at TEXT NOT NULL, note TEXT);
        CREATE TABLE pages(
          document INTEGER NOT NULL, number INTEGER NOT NULL, label TEXT, width REAL NOT NULL, height REAL NOT NULL, text TEXT NOT NULL, lines BLOB NOT NULL,
          UNIQUE(document, number));
        CREATE TABLE chunks(
          key INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, position INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, text TEXT NOT NULL, headings TEXT NOT NULL,
          parts BLOB NOT NULL, tokens INTEGER NOT NULL, tags TEXT NOT NULL, terms INTEGER NOT NULL, UNIQUE(document, position));
        CREATE TABLE vectors(chunk INTEGER PRIMARY KEY, vector BLOB NOT NULL);
        -- The analyzer's terms of heading path and text, separated by spaces; rowid is the chunk's key. 'places' lists where each term stands.
        CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize="ascii tokenchars '._-~'");
        CREATE VIRTUAL TABLE places USING fts5vocab(words, instance);
        """;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>True for a file in which nothing was ever written (also one whose creation was cut off).</summary>
    public static bool IsEmpty(SqliteConnection connection) => connection.Number("SELECT count(*) FROM sqlite_schema") == 0;

    public static bool IsOurs(SqliteConnection connection) => connection.Number("PRAGMA application_id") == ApplicationId;

    public static bool IsCurrent(SqliteConnection connection) => connection.Number("PRAGMA user_version") == IndexManifest.CurrentFormat;

    public static void Create(SqliteConnection connection, IndexManifest manifest)
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute(Tables);
        connection.Execute("INSERT INTO meta VALUES ('generation', 0)");
        WriteManifest(connection, manifest);
        connection.Execute($"PRAGMA application_id = {ApplicationId}");
        transaction.Commit();
    }

    /// <summary>Takes out all documents and sets another manifest, in the caller's transaction.</summary>
    public static void Clear(SqliteConnection connection, IndexManifest manifest)
    {
        connection.Execute("INSERT INTO words(words) VALUES ('delete-all'); DELETE FROM vectors; DELETE FROM chunks; DELETE FROM pages; DELETE FROM documents");
        WriteManifest(connection, manifest);
        RaiseGeneration(connection);
    }

    /// <exception cref="IndexException">The file is not one of ours, or of another format.</exception>
    public static IndexManifest ReadManifest(SqliteConnection connection, string file)
    {
        if (!IsOurs(connection))
            throw new IndexException($"'{file}' is an SQLite file, but not an index of DomainTuning. Move it away, or use another corpus name.");
        var format = connection.Number("PRAGMA user_version");
        if (format != IndexManifest.CurrentFormat)
            throw new IndexException(
                $"Index '{file}' has format {format}; this version of DomainTuning reads format {IndexManifest.CurrentFormat}. "
                + (format > IndexManifest.CurrentFormat ? "Update DomainTuning, or re-ingest with --rebuild." : "Re-ingest with --rebuild."));
        try
        {
            return JsonSerializer.Deserialize<IndexManifest>((string)connection.Scalar("SELECT value FROM meta WHERE name = 'manifest'")!, Json)!;
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentNullException or InvalidCastException)
        {
            throw new IndexException($"Index '{file}' has no readable manifest. Re-ingest with --rebuild.", unreadable);
        }
    }

    /// <summary>Grows with every change, so that a reader knows when what it keeps in memory is old.</summary>
    public static long Generation(SqliteConnection connection) => connection.Number("SELECT value FROM meta WHERE name = 'generation'");

    public static void RaiseGeneration(SqliteConnection connection) => connection.Execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'");

    private static void WriteManifest(SqliteConnection connection, IndexManifest manifest)
    {
        connection.Execute("INSERT OR REPLACE INTO meta VALUES ('manifest', ?1)", JsonSerializer.Serialize(manifest, Json));
        connection.Execute($"PRAGMA user_version = {manifest.Format}");
    }
}

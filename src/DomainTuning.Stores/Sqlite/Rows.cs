using System.Globalization;
using System.Text.Json;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Rows of the tables as the types that flow, and back.</summary>
internal static class Rows
{
    /// <summary>Columns for <see cref="ToChunk"/>, of chunks c and documents d.</summary>
    public const string ChunkColumns = "c.id, d.id, c.position, c.text, c.headings, c.parts, c.tokens, c.tags";

    /// <summary>All documents with their keys, by path (ordinal).</summary>
    public static List<(long Key, IndexedDocument Document)> Documents(SqliteConnection connection)
    {
        var documents = new List<(long, IndexedDocument)>();
        using var command = connection.Command("SELECT key, id, path, title, sha256, pages, chunks, tags, ingested_at, note FROM documents");
        using var reader = command.ExecuteReader();
        while (reader.Read())
            documents.Add((reader.GetInt64(0), new IndexedDocument(
                new DocumentId(reader.GetString(1)), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5), reader.GetInt32(6),
                Strings(reader.GetString(7)), DateTimeOffset.ParseExact(reader.GetString(8), "O", CultureInfo.InvariantCulture), reader.Text(9))));
        documents.Sort((a, b) => string.CompareOrdinal(a.Item2.Path, b.Item2.Path));
        return documents;
    }

    public static PageText ToPage(SqliteDataReader reader) => new(
        reader.GetInt32(0), reader.Text(1), reader.GetDouble(2), reader.GetDouble(3), reader.GetString(4), Blobs.ToLines(reader.Bytes(5)));

    /// <summary>Reads <see cref="ChunkColumns"/>.</summary>
    public static Chunk ToChunk(SqliteDataReader reader) => new()
    {
        Id = Blobs.ToChunkId(reader.Bytes(0)),
        DocumentId = new DocumentId(reader.GetString(1)),
        Position = reader.GetInt32(2),
        Text = reader.GetString(3),
        HeadingPath = Strings(reader.GetString(4)),
        Parts = Blobs.ToParts(reader.Bytes(5)),
        TokenCount = reader.GetInt32(6),
        Tags = Strings(reader.GetString(7)),
    };

    public static string Json(IReadOnlyList<string> strings) => JsonSerializer.Serialize(strings);

    private static string[] Strings(string json) => json == "[]" ? [] : JsonSerializer.Deserialize<string[]>(json)!;
}

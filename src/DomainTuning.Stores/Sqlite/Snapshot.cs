using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>What a search needs of one document in memory. Never changes: another version of the document has another key.</summary>
/// <param name="FirstKey">Key of the chunk at position 0; the others follow one by one.</param>
/// <param name="Lengths">Terms a chunk.</param>
/// <param name="Codes">[chunk, dimension], row by row: the vectors in a byte a dimension.</param>
/// <param name="Scales">What a chunk's codes are multiplied with.</param>
internal sealed record Segment(long Document, DocumentId Id, long FirstKey, ChunkId[] Ids, int[] Lengths, string[][] Tags, sbyte[] Codes, float[] Scales)
{
    public int Count => Ids.Length;

    public bool Passes(int chunk, ChunkFilter filter) => filter.Tags.Count == 0 || Array.Exists(Tags[chunk], filter.Tags.Contains);
}

/// <summary>
/// The searchable side of an index at one generation: vectors in int8, lengths, ids and tags, held by document. A newer snapshot takes over the segments of the
/// documents that stayed, so following a running ingestion costs what was added. 100,000 chunks of 384 dimensions take about 45 MB, and the postings of words
/// that were searched for up to 64 MB more.
/// </summary>
internal sealed class Snapshot
{
    private Snapshot(long generation, IReadOnlyList<IndexedDocument> documents, Segment[] segments)
    {
        Generation = generation;
        Documents = documents;
        Segments = segments;
        Offsets = new int[segments.Length];
        for (var i = 0; i < segments.Length; i++)
        {
            Offsets[i] = Chunks;
            Chunks += segments[i].Count;
        }

        AverageLength = Chunks == 0 ? 0 : segments.Sum(segment => segment.Lengths.Sum(length => (long)length)) / (double)Chunks;
    }

    public long Generation { get; }

    /// <summary>By path, ordinal.</summary>
    public IReadOnlyList<IndexedDocument> Documents { get; }

    /// <summary>By the key of the first chunk.</summary>
    public Segment[] Segments { get; }

    /// <summary>Chunks before each segment: a chunk's number in the snapshot is its segment's offset plus its place there.</summary>
    public int[] Offsets { get; }

    public int Chunks { get; }

    /// <summary>Of the words that were searched for at this generation.</summary>
    public PostingCache Postings { get; } = new();

    /// <summary>Mean number of terms of a chunk.</summary>
    public double AverageLength { get; }

    /// <summary>Reads what changed since <paramref name="older"/>, within the connection's transaction.</summary>
    public static Snapshot Read(SqliteConnection connection, long generation, int dimensions, Snapshot? older, CancellationToken cancellationToken)
    {
        var known = older?.Segments.ToDictionary(segment => segment.Document) ?? [];
        var segments = new List<Segment>();
        var documents = new List<IndexedDocument>();
        using var chunks = connection.Command("SELECT c.key, c.id, c.terms, c.tags, v.vector FROM chunks c JOIN vectors v ON v.chunk = c.key WHERE c.document = ?1 ORDER BY c.key");
        foreach (var (key, document) in Rows.Documents(connection))
        {
            cancellationToken.ThrowIfCancellationRequested();
            documents.Add(document);
            var segment = known.GetValueOrDefault(key) ?? ReadSegment(chunks, key, document, dimensions);
            if (segment.Count > 0) segments.Add(segment);
        }

        return new Snapshot(generation, documents, [.. segments.OrderBy(segment => segment.FirstKey)]);
    }

    private static Segment ReadSegment(SqliteCommand chunks, long key, IndexedDocument document, int dimensions)
    {
        var ids = new List<ChunkId>(document.Chunks);
        var lengths = new List<int>(document.Chunks);
        var tags = new List<string[]>(document.Chunks);
        var codes = new sbyte[document.Chunks * dimensions];
        var scales = new float[document.Chunks];
        var first = 0L;
        var (tagsText, lastTags) = ("", Array.Empty<string>());
        using var reader = chunks.ReadWith(key);
        for (var i = 0; reader.Read(); i++)
        {
            if (i == 0) first = reader.GetInt64(0);
            var vector = MemoryMarshal.Cast<byte, float>(reader.Bytes(4));
            if (reader.GetInt64(0) != first + i || i >= document.Chunks || vector.Length != dimensions)
                throw new IndexException($"Document '{document.Path}' is not whole in its index. Run 'domaintuning ingest' with --rebuild.");
            scales[i] = Int8Vectors.Quantise(vector, codes.AsSpan(i * dimensions, dimensions));
            ids.Add(Blobs.ToChunkId(reader.Bytes(1)));
            lengths.Add(reader.GetInt32(2));
            if (reader.GetString(3) is var text && text != tagsText) (tagsText, lastTags) = (text, JsonSerializer.Deserialize<string[]>(text)!);
            tags.Add(lastTags);
        }

        return new Segment(key, document.Id, first, [.. ids], [.. lengths], [.. tags], codes, scales);
    }
}

using System.Globalization;
using System.Text.Json;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Stores.Tests;

/// <summary>A retrieval set in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.</summary>
internal sealed class RetrievalSet(string folder)
{
    private readonly Dictionary<ChunkId, string> passages = [];

    public IReadOnlyList<(string Id, string Title, string Text)> Passages { get; } =
        [.. Lines(Path.Combine(folder, "corpus.jsonl")).Select(line => (Value(line, "_id"), Value(line, "title"), Value(line, "text")))];

    public IReadOnlyList<(string Id, string Text)> Queries { get; } = [.. Lines(Path.Combine(folder, "queries.jsonl")).Select(line => (Value(line, "_id"), Value(line, "text")))];

    public ILookup<string, (string Passage, int Grade)> Judgements { get; } = File.ReadLines(Path.Combine(folder, "qrels", "test.tsv")).Skip(1).Select(line => line.Split('\t'))
        .ToLookup(fields => fields[0], fields => (fields[1], int.Parse(fields[2], CultureInfo.InvariantCulture)));

    /// <summary>Each passage a chunk, some to a document.</summary>
    public async Task StoreInAsync(ChunkIndex index, Embedder embedder, CancellationToken cancellationToken)
    {
        foreach (var batch in Passages.Chunk(64))
        {
            var document = new IndexedDocument(DocumentId.From("", batch[0].Id), batch[0].Id, batch[0].Title, "", 1, batch.Length, [], DateTimeOffset.UnixEpoch);
            var chunks = batch.Select((passage, i) => ToChunk(index.Manifest.Corpus, document.Id, i, passage)).ToList();
            var vectors = await embedder.EmbedPassagesAsync([.. chunks.Select(chunk => chunk.EmbeddedText)], cancellationToken);
            await index.StoreAsync(document, [], [.. chunks.Zip(vectors, (chunk, vector) => new EmbeddedChunk(chunk, vector))], cancellationToken);
        }
    }

    /// <summary>Mean nDCG@10 over the judged queries (Järvelin and Kekäläinen, 2002; gains as graded, as trec_eval has it).</summary>
    public async Task<double> NdcgAsync(Retriever retriever, RetrievalOptions options, CancellationToken cancellationToken)
    {
        var sum = 0.0;
        var judged = Queries.Where(query => Judgements[query.Id].Any(judgement => judgement.Grade > 0)).ToList();
        foreach (var query in judged)
        {
            var grades = Judgements[query.Id].ToDictionary(judgement => judgement.Passage, judgement => judgement.Grade);
            var found = await retriever.SearchAsync(query.Text, options with { Top = 10 }, ChunkFilter.None, cancellationToken);
            sum += Gain(found.Select(chunk => grades.GetValueOrDefault(passages[chunk.Chunk.Id]))) / Gain(grades.Values.OrderDescending().Take(10));
        }

        return sum / judged.Count;
    }

    private static double Gain(IEnumerable<int> grades) => grades.Select((grade, i) => Math.Max(grade, 0) / Math.Log2(i + 2)).Sum();

    private Chunk ToChunk(string corpus, DocumentId document, int position, (string Id, string Title, string Text) passage)
    {
        var text = passage.Text.Length == 0 ? "." : passage.Text;
        var id = ChunkId.From(corpus, document, position, text);
        passages[id] = passage.Id;
        return new Chunk
        {
            Id = id,
            DocumentId = document,
            Position = position,
            Text = text,
            HeadingPath = passage.Title.Length == 0 ? [] : [passage.Title],
            Parts = [new ChunkPart(1, 0, text.Length, Box.None)],
            TokenCount = 0,
        };
    }

    private static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(file).Select(line => JsonDocument.Parse(line).RootElement);

    private static string Value(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString()! : "";
}

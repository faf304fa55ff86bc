using System.Numerics.Tensors;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Bench;

/// <summary>
/// Search of the SQLite index at 384 dimensions on synthetic chunks (words drawn by Zipf's law, random unit vectors): latency beside the time that this machine
/// takes to read the int8 vectors' bytes once, which no search that looks at every vector can beat; and how many of the first ten are those of an exact search
/// in fp32. Random vectors are the hardest case for rounding: the scores of neighbours lie closer than in any text.
/// </summary>
internal static class SearchBench
{
    private const int Dimensions = 384;
    private const int ChunksADocument = 500;
    private const int Queries = 25;

    public static async Task RunAsync(IReadOnlyList<int> sizes, bool write)
    {
        var report = new Report("search", $"Search in one SQLite file, {Dimensions} dimensions, int8 with fp32 rescoring", $"search --sizes {string.Join(' ', sizes)}", "chunks", "file, MB", "dense p50, ms", "lexical p50, ms", "hybrid p50, ms", "hybrid p95, ms", "reading the int8 vectors, ms", "recall@10");
        foreach (var size in sizes) await MeasureAsync(size, report);
        report.Finish(write);
    }

    private static async Task MeasureAsync(int size, Report report)
    {
        var folder = Directory.CreateTempSubdirectory("domaintuning-bench-");
        try
        {
            var random = new Random(7);
            var file = Path.Combine(folder.FullName, "bench.db");
            var identity = new EmbedderIdentity("random", new string('0', 64), Dimensions, "cls", "", "", 512);
            var manifest = new IndexManifest { Corpus = "bench", Embedder = identity, Chunking = new ChunkingOptions() };
            await using (var writer = await SqliteChunkIndex.OpenForWritingAsync(file, manifest))
                for (var first = 0; first < size; first += ChunksADocument) await StoreAsync(writer, first / ChunksADocument, Math.Min(ChunksADocument, size - first), random);

            await using var index = await SqliteChunkIndex.OpenAsync(file, identity);
            var retriever = new Retriever(index, new RandomEmbedder(identity));
            var options = new RetrievalOptions();
            var dense = await TimeAsync(query => index.SearchDenseAsync(RandomUnit(new Random(query)), options.Candidates, ChunkFilter.None));
            var lexical = await TimeAsync(query => index.SearchLexicalAsync(Words(new Random(query), 8), options.Candidates, ChunkFilter.None));
            var hybrid = await TimeAsync(query => retriever.SearchAsync(Words(new Random(query), 8), options, ChunkFilter.None, CancellationToken.None));
            report.Row(size, new FileInfo(file).Length / 1e6, dense[Queries / 2], lexical[Queries / 2], hybrid[Queries / 2], hybrid[(int)(Queries * 0.95)], ReadMilliseconds(size), await RecallAsync(index));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task StoreAsync(SqliteChunkIndex index, int number, int count, Random random)
    {
        var id = DocumentId.From($"{number:x64}", $"{number}.txt");
        var chunks = new List<EmbeddedChunk>();
        for (var position = 0; position < count; position++)
        {
            var text = Words(random, 150);
            chunks.Add(new EmbeddedChunk(
                new Chunk
                {
                    Id = ChunkId.From("bench", id, position, text), DocumentId = id, Position = position, Text = text,
                    Parts = [new ChunkPart(1, 0, text.Length, Box.None)], TokenCount = 200,
                },
                RandomUnit(random)));
        }

        var document = new IndexedDocument(id, $"{number}.txt", $"{number}", $"{number:x64}", 1, count, [], TimeProvider.System.GetUtcNow());
        return index.StoreAsync(document, [new PageText(1, null, 0, 0, "", [])], chunks);
    }

    private static async Task<List<double>> TimeAsync<T>(Func<int, Task<T>> search)
    {
        await search(1_000_000);
        var times = new List<double>();
        for (var query = 0; query < Queries; query++)
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            await search(query);
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times;
    }

    /// <summary>Share of the exact first ten that the index returns first, over all queries; one pass over the stored vectors.</summary>
    private static async Task<double> RecallAsync(SqliteChunkIndex index)
    {
        var queries = Enumerable.Range(0, Queries).Select(query => RandomUnit(new Random(query))).ToList();
        var exact = queries.Select(_ => new PriorityQueue<ChunkId, float>()).ToList();
        await foreach (var chunk in index.ScrollAsync(ChunkFilter.None))
            for (var query = 0; query < Queries; query++)
            {
                exact[query].Enqueue(chunk.Chunk.Id, TensorPrimitives.Dot(queries[query], chunk.Vector.Span));
                if (exact[query].Count > 10) exact[query].Dequeue();
            }

        var found = 0;
        for (var query = 0; query < Queries; query++)
        {
            var first = (await index.SearchDenseAsync(queries[query], 10, ChunkFilter.None)).Select(hit => hit.Chunk.Id).ToHashSet();
            found += exact[query].UnorderedItems.Count(item => first.Contains(item.Element));
        }

        return found / (10.0 * Queries);
    }

    /// <summary>One pass over as many bytes as the int8 vectors have, by all cores: the limit of any search that looks at all of them.</summary>
    private static double ReadMilliseconds(int size)
    {
        var floats = new float[(long)size * Dimensions / sizeof(float)];
        var best = double.MaxValue;
        for (var run = 0; run < 5; run++)
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            var part = floats.Length / Environment.ProcessorCount;
            Parallel.For(0, Environment.ProcessorCount, i => TensorPrimitives.Sum(floats.AsSpan(i * part, part)));
            best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return best;
    }

    private static float[] RandomUnit(Random random)
    {
        var vector = new float[Dimensions];
        for (var i = 0; i < vector.Length; i++) vector[i] = random.NextSingle() - 0.5f;
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm(vector), vector);
        return vector;
    }

    /// <summary>Word k of 30,000 is drawn about as often as 1/k.</summary>
    private static string Words(Random random, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{(int)Math.Exp(random.NextDouble() * Math.Log(30_000))}"));

    private sealed class RandomEmbedder(EmbedderIdentity identity) : Embedder
    {
        public override EmbedderIdentity Identity => identity;

        public override int CountTokens(string text) => text.Length / 4;

        public override Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<float[]>>([.. texts.Select(text => RandomUnit(new Random(text.Length)))]);

        public override Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default) => Task.FromResult(RandomUnit(new Random(text.Length)));
    }
}

using System.Diagnostics;
using System.Numerics.Tensors;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores.Tests;

/// <summary>How long searches take at 384 dimensions, on random vectors and texts of Zipf-distributed words. Runs only when asked for: --explicit only --filter-class '*SearchLatency'.</summary>
public sealed class SearchLatency
{
    private const int Dimensions = 384;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public async Task MedianOfAHundredQueries(int chunks)
    {
        var random = new Random(5);
        using var folder = new TemporaryFolder();
        var manifest = SampleDocument.Manifest(new HashEmbedder(Dimensions));
        var watch = Stopwatch.StartNew();
        await using (var writer = await SqliteChunkIndex.OpenForWritingAsync(folder["index.db"], manifest, Cancellation))
            for (var stored = 0; stored < chunks; stored += 1000) await StoreAsync(writer, stored / 1000, random);
        var storing = watch.Elapsed;
        await using var index = await SqliteChunkIndex.OpenAsync(folder["index.db"], manifest.Embedder, Cancellation);
        watch.Restart();
        await index.SearchDenseAsync(Vector(random), 100, ChunkFilter.None, Cancellation);
        var loading = watch.Elapsed;

        var dense = await MedianAsync(() => index.SearchDenseAsync(Vector(random), 100, ChunkFilter.None, Cancellation));
        var lexical = await MedianAsync(() => index.SearchLexicalAsync(Text(random, 8), 100, ChunkFilter.None, Cancellation));
        var both = await MedianAsync(() => Task.WhenAll(
            index.SearchDenseAsync(Vector(random), 100, ChunkFilter.None, Cancellation), index.SearchLexicalAsync(Text(random, 8), 100, ChunkFilter.None, Cancellation)));

        TestContext.Current.SendDiagnosticMessage(
            "{0} chunks: dense {1:0.0} ms, lexical {2:0.0} ms, both {3:0.0} ms (p50); stored in {4:0.0} s, loaded in {5:0} ms, {6:0} MB", chunks, dense, lexical, both, storing.TotalSeconds, loading.TotalMilliseconds,
            new FileInfo(folder["index.db"]).Length / 1e6);
        Assert.True(dense > 0 && lexical > 0 && both > 0);
    }

    private static async Task StoreAsync(SqliteChunkIndex index, int number, Random random)
    {
        var id = DocumentId.From($"{number}", $"{number}.txt");
        var chunks = Enumerable.Range(0, 1000).Select(position =>
        {
            var text = Text(random, 150);
            return new EmbeddedChunk(
                new Chunk { Id = ChunkId.From("speed", id, position, text), DocumentId = id, Position = position, Text = text, Parts = [new ChunkPart(1, 0, text.Length, Box.None)], TokenCount = 200 },
                Vector(random));
        }).ToList();
        await index.StoreAsync(new IndexedDocument(id, $"{number}.txt", "", "", 1, 1000, [], DateTimeOffset.UnixEpoch), [], chunks, Cancellation);
    }

    private static async Task<double> MedianAsync(Func<Task> search)
    {
        var times = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await search();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times.Order().ElementAt(50);
    }

    /// <summary>Rank r of 50,000 words with a probability of about 1 / r.</summary>
    private static string Text(Random random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => $"word{(int)Math.Pow(50_000, random.NextDouble())}"));

    private static float[] Vector(Random random)
    {
        var vector = new float[Dimensions];
        for (var i = 0; i < vector.Length; i++) vector[i] = random.NextSingle() - 0.5f;
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm(vector), vector);
        return vector;
    }
}

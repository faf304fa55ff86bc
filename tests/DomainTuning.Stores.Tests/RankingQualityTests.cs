using DomainTuning.Onnx.Encoders;
using DomainTuning.Retrieval;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores.Tests;

/// <summary>Rankings against human judgements. Reference: BM25 with Porter stemming, Lucene's stop words, k1 0.9, b 0.4 (../shared/data/README.md).</summary>
public sealed class RankingQualityTests
{
    [Theory]
    [InlineData("cranfield", 0.358)]
    [InlineData("cisi", 0.362)]
    [InlineData("medline", 0.663)]
    public async Task LexicalSearchIsWithinOnePointOfTheReference(string name, double reference)
    {
        var set = new RetrievalSet(Fixtures.Shared("data", "ir", name));
        using var folder = new TemporaryFolder();
        using var embedder = new HashEmbedder(8);
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(folder["index.db"], SampleDocument.Manifest(embedder), TestContext.Current.CancellationToken);
        await set.StoreInAsync(index, embedder, TestContext.Current.CancellationToken);

        var ndcg = await set.NdcgAsync(new Retriever(index, embedder), new RetrievalOptions { Mode = SearchMode.Lexical }, TestContext.Current.CancellationToken);

        TestContext.Current.SendDiagnosticMessage("{0}: nDCG@10 {1:0.0000}, reference {2}", name, ndcg, reference);
        Assert.InRange(ndcg, reference - 0.01, reference + 0.01);
    }

    /// <summary>Embeds 1,400 passages, which takes minutes on two cores: runs only when asked for, by --explicit only --filter-class '*RankingQualityTests'.</summary>
    [Fact(Explicit = true)]
    public async Task HybridSearchIsAboveBothOfItsParts()
    {
        var set = new RetrievalSet(Fixtures.Shared("data", "ir", "cranfield"));
        using var folder = new TemporaryFolder();
        using var embedder = OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"));
        await using var index = await SqliteChunkIndex.OpenForWritingAsync(folder["index.db"], SampleDocument.Manifest(embedder), TestContext.Current.CancellationToken);
        await set.StoreInAsync(index, embedder, TestContext.Current.CancellationToken);
        var retriever = new Retriever(index, embedder);

        var dense = await set.NdcgAsync(retriever, new RetrievalOptions { Mode = SearchMode.Dense }, TestContext.Current.CancellationToken);
        var lexical = await set.NdcgAsync(retriever, new RetrievalOptions { Mode = SearchMode.Lexical }, TestContext.Current.CancellationToken);
        var hybrid = await set.NdcgAsync(retriever, new RetrievalOptions(), TestContext.Current.CancellationToken);

        TestContext.Current.SendDiagnosticMessage("cranfield nDCG@10: dense {0:0.0000}, lexical {1:0.0000}, hybrid {2:0.0000}", dense, lexical, hybrid);
        Assert.True(hybrid > Math.Max(dense, lexical), $"dense {dense:0.0000}, lexical {lexical:0.0000}, hybrid {hybrid:0.0000}");
    }
}

using System.Security.Cryptography;
using DomainTuning.Chunks;
using DomainTuning.Evaluator.Advice;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Indexing;

namespace DomainTuning.Evaluator.Tests.Advice;

/// <summary>The measurements of an advice that need no model.</summary>
public sealed class SurveyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ChurnCountsWhatIsNewChangedOrGone()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "same.txt", "changed.txt", "new.md", "notes.bak" }) await File.WriteAllTextAsync(folder[name], name, Cancellation);
        IndexedDocument Indexed(string path, string content) => new(
            default, path, path, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content))), 1, 1, [], TimeProvider.System.GetUtcNow());
        IndexedDocument[] documents = [Indexed("same.txt", "same.txt"), Indexed("changed.txt", "as it was"), Indexed("gone.pdf", "x")];

        Assert.Equal(3.0 / 4, await CorpusChurn.OfAsync(folder.Path, documents, Cancellation));
        Assert.Null(await CorpusChurn.OfAsync(folder["nowhere"], documents, Cancellation));
    }

    [Fact]
    public void AWordIsKnownWhenItIsOneTokenAndNumbersDoNotCount()
    {
        var vocabulary = Vocabulary.Of(["the pump the pump 4711", "servo-thread"], word => word.Trim() is "the" or "pump" ? 1 : 3);

        Assert.Equal((((4 * 1) + (2 * 3)) / 6.0, 0.5), (vocabulary!.TokensPerWord, vocabulary.KnownWords));
        Assert.Null(Vocabulary.Of(["12 34"], _ => 1));
    }

    [Fact]
    public async Task HeadingsThatStandInOnePlaceBecomeQuestionsForTheirPage()
    {
        using var embedder = new HashEmbedder(64);
        var index = new MemoryChunkIndex(new IndexManifest { Corpus = "pumps", Embedder = embedder.Identity, Chunking = new ChunkingOptions() });
        await (await SampleDocument.CreateAsync(embedder, "a.pdf", ["Drain the housing.", "Then remove the seal."], heading: "Replacing the shaft seal")).StoreInAsync(index, Cancellation);
        await (await SampleDocument.CreateAsync(embedder, "b.pdf", ["Nothing."], heading: "Introduction")).StoreInAsync(index, Cancellation);

        var probe = Assert.Single(HeadingQuestions.Of(await CorpusChunks.ReadAsync(index, Cancellation)));

        Assert.Equal("Replacing the shaft seal", probe.Text);
        Assert.Equal([("a.pdf", 1), ("a.pdf", 2)], probe.Pages);
    }

    [Fact]
    public void TheProcessorsSpeedIsANumberThatAProcessorCanHave() => Assert.InRange(FloatSpeed.Measure(Cancellation), 5, 1e6);
}

using DomainTuning.Embeddings;
using DomainTuning.Evaluator.Beir;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Evaluator.Tests.Beir;

/// <summary>A retrieval set of 130 passages, so that it has three parts.</summary>
public sealed class BeirTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public BeirTests()
    {
        Directory.CreateDirectory(folder["qrels"]);
        File.WriteAllLines(folder["corpus.jsonl"], Enumerable.Range(0, 130).Select(i => $$"""{"_id": "d{{i}}", "title": "Part {{i}}", "text": "The word number{{i}} stands here once.", "metadata": {"x": 1} }"""));
        File.AppendAllLines(folder["corpus.jsonl"], ["""{"_id": "empty", "title": "", "text": ""}""", """{"_id": "titled", "title": "Lonely heading", "text": ""}"""]);
        File.WriteAllLines(folder["queries.jsonl"], ["""{"_id": "1", "text": "where is number7?"}""", """{"_id": "2", "text": "lonely heading"}""", """{"_id": "unjudged", "text": "number9"}"""]);
        File.WriteAllLines(folder["qrels/test.tsv"], ["query-id\tcorpus-id\tscore", "1\td7\t2", "1\td70\t0", "2\ttitled\t1"]);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARetrievalSetIsSearchedScoredAndWritten()
    {
        using var embedder = new HashEmbedder();
        await using var index = await OpenAsync(embedder);
        var set = BeirFolder.Open(folder.Path);
        var filled = await BeirIndex.FillAsync(set, index, embedder, progress: null, TimeProvider.System, Cancelled);

        var (result, runs) = await BeirEvaluation.RunAsync(set, filled, embedder, new RetrievalOptions(), TimeProvider.System, cancellationToken: Cancelled);
        await BeirEvaluation.WriteAsync(folder["out"], set, result, runs, Cancelled);

        Assert.Equal(131, result.Passages);
        Assert.Equal(["1", "2"], result.Queries);
        Assert.Equal(["lexical", "dense", "hybrid"], result.Searches.Select(search => search.Name));
        Assert.Equal(1, result.Searches[0].Means["ndcg@10"]);
        Assert.Equal(1, result.Searches[0].Means["mrr@10"]);
        Assert.Equal(3, result.Comparisons.Count);
        Assert.Contains("\"ndcg@10\": 1", await File.ReadAllTextAsync(folder["out/result.json"], Cancelled), StringComparison.Ordinal);
        foreach (var search in result.Searches)
        {
            var again = RankingScores.Of(TrecFile.ReadJudgements(folder["out/qrels.trec"]), TrecFile.ReadRun(folder[$"out/{search.Name}.trec"]), BeirEvaluation.Measures);
            Assert.All(search.Means, mean => Assert.Equal(mean.Value, again.Mean(mean.Key)));
        }
    }

    [Fact]
    public async Task ABrokenRunGoesOnWithThePartItWasAt()
    {
        using var broken = new CountingEmbedder(failAfter: 1);
        await using (var index = await OpenAsync(broken))
            await Assert.ThrowsAsync<IOException>(() => BeirIndex.FillAsync(BeirFolder.Open(folder.Path), index, broken, progress: null, TimeProvider.System, Cancelled));
        using var whole = new CountingEmbedder();
        var progress = new List<BeirProgress>();

        await using var again = await OpenAsync(whole);
        var filled = await BeirIndex.FillAsync(BeirFolder.Open(folder.Path), again, whole, new Listing(progress), TimeProvider.System, Cancelled);

        Assert.Equal(131 - 64, whole.Embedded);
        Assert.Equal(131, filled.Passages);
        Assert.Equal([64, 128, 132], progress.Select(report => report.Done));
        Assert.Equal([0, 64, 68], progress.Select(report => report.Embedded));
    }

    [Fact]
    public async Task AChangedCorpusEmbedsItsChangedPartsOnlyAndForgetsTheRest()
    {
        using var embedder = new CountingEmbedder();
        await using var index = await OpenAsync(embedder);
        await BeirIndex.FillAsync(BeirFolder.Open(folder.Path), index, embedder, progress: null, TimeProvider.System, Cancelled);
        await File.WriteAllLinesAsync(folder["corpus.jsonl"], File.ReadLines(folder["corpus.jsonl"]).Take(100).ToList(), Cancelled);

        var before = embedder.Embedded;
        var filled = await BeirIndex.FillAsync(BeirFolder.Open(folder.Path), index, embedder, progress: null, TimeProvider.System, Cancelled);

        Assert.Equal(36, embedder.Embedded - before);
        Assert.Equal(100, filled.Passages);
        Assert.Equal(100, await index.CountAsync(ChunkFilter.None, Cancelled));
    }

    [Fact]
    public async Task AnIngestedCorpusOfTheSameNameIsNotTouched()
    {
        using var embedder = new HashEmbedder();
        var set = BeirFolder.Open(folder.Path);
        var ingested = BeirIndex.Manifest(set, embedder) with { Corpus = set.Name };
        await (await SqliteChunkIndex.OpenForWritingAsync(folder["set.db"], ingested, Cancelled)).DisposeAsync();

        await Assert.ThrowsAsync<IndexException>(() => OpenAsync(embedder));
    }

    [Fact]
    public void ARunSurvivesItsFileWithTheTiesOfSinglePrecision()
    {
        var run = new SearchRun("mine", new Dictionary<string, IReadOnlyList<ScoredDocument>>
        {
            ["q1"] = [new("a", 0.1), new("b", 0.1 + 1e-12), new("c", 1.0 / 3), new("é", -2.5e-7)],
            ["q2"] = [new("z", 123456.789)],
        });

        TrecFile.WriteRun(folder["run.trec"], run);
        var lines = File.ReadAllLines(folder["run.trec"]);
        var read = TrecFile.ReadRun(folder["run.trec"]);

        Assert.Equal("q1 Q0 c 1 0.33333334 mine", lines[0]);
        Assert.Equal("q1 Q0 b 2 0.1 mine", lines[1]);
        Assert.Equal("q1 Q0 a 3 0.1 mine", lines[2]);
        Assert.Equal("mine", read.Name);
        Assert.Equal(RankOrder.Of(run.Results["q1"]), RankOrder.Of(read.Results["q1"], ScorePrecision.Double));
    }

    [Fact]
    public void AnIdWithASpaceCannotBeWritten() =>
        Assert.Throws<BeirException>(() => TrecFile.WriteRun(folder["run.trec"], SearchRun.OfRanked("r", [("q", ["a b"])])));

    [Fact]
    public void ABadLineIsNamed()
    {
        File.AppendAllText(folder["qrels/test.tsv"], "1\td8\n");

        var error = Assert.Throws<BeirException>(() => BeirFolder.Open(folder.Path));

        Assert.Contains("line 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingSplitListsThoseThatAreThere() =>
        Assert.Contains("test", Assert.Throws<BeirException>(() => BeirFolder.Open(folder.Path, "dev")).Message, StringComparison.Ordinal);

    public void Dispose() => folder.Dispose();

    private Task<SqliteChunkIndex> OpenAsync(Embedder embedder) =>
        SqliteChunkIndex.OpenForWritingAsync(folder["set.db"], BeirIndex.Manifest(BeirFolder.Open(folder.Path), embedder), Cancelled);

    private sealed class Listing(List<BeirProgress> reports) : IProgress<BeirProgress>
    {
        public void Report(BeirProgress value) => reports.Add(value);
    }

    /// <summary>Counts what it embeds, and fails like a full disk after some calls.</summary>
    private sealed class CountingEmbedder(int failAfter = int.MaxValue) : Embedder
    {
        private readonly HashEmbedder inner = new();
        private int calls;

        public int Embedded { get; private set; }

        public override EmbedderIdentity Identity => inner.Identity;

        public override int CountTokens(string text) => inner.CountTokens(text);

        public override Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
        {
            if (calls++ >= failAfter) throw new IOException("No more.");
            Embedded += texts.Count;
            return inner.EmbedPassagesAsync(texts, cancellationToken);
        }

        public override Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default) => inner.EmbedQueryAsync(text, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

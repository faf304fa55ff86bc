using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Tests.Runs;

public sealed class WeightFitTests
{
    [Fact]
    public async Task WeightsAreNeverFittedOnTheTestSplit()
    {
        var pumps = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<ArgumentException>(() => WeightFit.MeasureAsync(
            pumps.Chunks, pumps.Index, pumps.Embedder, null, PumpCorpus.Questions, new RetrievalOptions(), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ARerankerThatKnowsNothingGetsNoWeight()
    {
        var pumps = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);
        IReadOnlyList<Question> train = [.. PumpCorpus.Questions.Select(question => question with { Split = QuestionSplit.Train })];

        var fit = await WeightFit.MeasureAsync(
            pumps.Chunks, pumps.Index, pumps.Embedder, new ContraryReranker(), train, new RetrievalOptions(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(3, fit.Questions);
        Assert.Equal(11, fit.Dense.Count);
        Assert.Equal(1, fit.Rerank[0].HitAt2);
        Assert.True(fit.Rerank[^1].PageNdcg < fit.Rerank[0].PageNdcg);
        Assert.True(fit.BestRerank < 0.6, $"{fit.BestRerank}");
    }

    [Fact]
    public async Task AnEarlyExitReadsLessAndKeepsWhatTheSearchSaid()
    {
        var pumps = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);
        IReadOnlyList<Question> train = [.. PumpCorpus.Questions.Select(question => question with { Split = QuestionSplit.Train })];

        var fit = await WeightFit.MeasureAsync(
            pumps.Chunks, pumps.Index, pumps.Embedder, new ContraryReranker(), train, new RetrievalOptions(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((0.0, 1.0), (fit.Exits[0].Within, fit.Exits[^1].Within));
        Assert.Equal((0.0, 1.0), (fit.Exits[0].Read, fit.Exits[^1].Read));
        Assert.Equal(fit.Rerank[0].PageNdcg, fit.Exits[0].PageNdcg);
        Assert.Equal(fit.Rerank.Single(row => row.Weight == fit.BestRerank).PageNdcg, fit.Exits[^1].PageNdcg);
        Assert.Equal(fit.Exits.Select(row => row.Read).Order(), fit.Exits.Select(row => row.Read));
    }

    [Fact]
    public async Task AKilledFitReadsOnlyWhatItHadNotRead()
    {
        using var folder = new TemporaryFolder();
        var pumps = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);
        IReadOnlyList<Question> train = [.. PumpCorpus.Questions.Select(question => question with { Split = QuestionSplit.Train })];
        async Task<(WeightFit Fit, int Reads)> FitAsync(IReadOnlyList<Question> questions)
        {
            var reranker = new ContraryReranker();
            var fit = await WeightFit.MeasureAsync(pumps.Chunks, pumps.Index, pumps.Embedder, reranker, questions, new RetrievalOptions(), null, folder.Path, TestContext.Current.CancellationToken);
            return (fit, reranker.Reads);
        }

        var (first, all) = (await FitAsync([.. train.Take(2)]), await FitAsync(train));

        Assert.Equal((2, 1), (first.Reads, all.Reads));
        Assert.Equal(3, all.Fit.Questions);
    }

    /// <summary>Likes what the search likes least.</summary>
    private sealed class ContraryReranker : Embeddings.Reranker
    {
        public override string Id => "contrary";

        public int Reads { get; private set; }

        public override Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default)
        {
            Reads++;
            return Task.FromResult<IReadOnlyList<float>>([.. passages.Select((_, i) => (float)i)]);
        }
    }
}

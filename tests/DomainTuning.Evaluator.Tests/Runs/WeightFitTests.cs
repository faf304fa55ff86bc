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

    /// <summary>Likes what the search likes least.</summary>
    private sealed class ContraryReranker : Embeddings.Reranker
    {
        public override string Id => "contrary";

        public override Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<float>>([.. passages.Select((_, i) => (float)i)]);
    }
}

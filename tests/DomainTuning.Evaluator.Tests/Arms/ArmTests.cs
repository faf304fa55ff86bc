using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Tests.Arms;

public sealed class ArmTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheBaseArmReadsNothingAndTheRagArmReadsFencedPassagesWithTheSameDecoding()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var model = new ScriptedModel(_ => "40");

        var alone = await pumps.Base(model).AnswerAsync(PumpCorpus.Questions[0], Cancellation);
        var read = await pumps.Rag(model).AnswerAsync(PumpCorpus.Questions[0], Cancellation);

        var prompts = model.Prompts.ToArray();
        Assert.DoesNotContain("40 litres", prompts[0], StringComparison.Ordinal);
        Assert.Contains("[passage 1 ", prompts[1], StringComparison.Ordinal);
        Assert.Contains("40 litres", prompts[1], StringComparison.Ordinal);
        Assert.Empty(alone.Passages);
        Assert.Equal(1, read.Passages[0].FirstPage);
        Assert.All(model.Options, options => Assert.Equal((0f, 48, (string?)null), (options!.Temperature, options.MaxOutputTokens, options.ModelId)));
    }

    [Fact]
    public async Task TheOracleReadsTheEvidencePageAndItsEvidenceDecidesItsAnswer()
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var reading = new EvidenceReading(pumps.Chunks, pumps.Search());

        var passages = await reading.ReadAsync(PumpCorpus.Questions[2], Cancellation);

        Assert.Equal(3, Assert.Single(passages).Chunk.FirstPage);
        Assert.Equal(4, (await reading.ReadAsync(PumpCorpus.Questions[3], Cancellation)).Count);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Not in the documents.", true)]
    [InlineData("I'm sorry, but I cannot answer that.", true)]
    [InlineData("The passages do not mention it.", true)]
    [InlineData("I do not know", true)]
    [InlineData("40", false)]
    [InlineData("G53 is not modal", false)]
    [InlineData("The value is not stored in the file", false)]
    public void RefusalsAreKnownByTheirWording(string text, bool refused) => Assert.Equal(refused, RefusalWording.Is(text));

    [Fact]
    public async Task TheMostLikelyQuestionsPassageComesFirstAndTheBudgetLeavesTheRestUnread()
    {
        var scorer = new WordScorer();
        var reranker = new LikelihoodReranker("m", scorer, new LikelihoodOptions { Batch = 2, Budget = TimeSpan.Zero });
        var unhurried = new LikelihoodReranker("m", scorer, new LikelihoodOptions { Batch = 2, Budget = Timeout.InfiniteTimeSpan });

        var scores = await unhurried.ScoreAsync("shaft seal", PumpCorpus.Pages, Cancellation);

        Assert.Equal(1, scores.ToList().IndexOf(scores.Max()));
        Assert.Equal(2, (await reranker.ScoreAsync("shaft seal", PumpCorpus.Pages, Cancellation)).Count);
    }

    [Fact]
    public async Task TheLikelihoodIsLeftOutWhereTheSearchHasAClearWinnerAndACrossEncoderNever()
    {
        using var folder = new TemporaryFolder();
        await using var likelihood = new ArmCatalog(new Workspace(folder.Path), new Settings { Reranker = ArmCatalog.Likelihood });
        await using var encoder = new ArmCatalog(new Workspace(folder.Path), new Settings { Reranker = "a-cross-encoder" });

        Assert.Equal((0.5, ArmCatalog.LikelihoodWithin), (likelihood.Retrieval.RerankWeight, likelihood.Retrieval.RerankWithin));
        Assert.Equal((1, 1), (encoder.Retrieval.RerankWeight, encoder.Retrieval.RerankWithin));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public async Task ASearchWithAClearWinnerIsNotReadAgain(double within, int reads)
    {
        var pumps = await PumpCorpus.CreateAsync(Cancellation);
        var scorer = new WordScorer();

        var found = await pumps.Search(new LikelihoodReranker("m", scorer), new RetrievalOptions { Top = 4, RerankWithin = within }).SearchAsync("What does error E17 report?", Cancellation);

        Assert.Equal(reads, scorer.Calls);
        Assert.Equal(3, found[0].Chunk.FirstPage);
        Assert.Equal(reads > 0, found[0].Reranked is not null);
    }

    /// <summary>A word of the continuation is likely when it stands before.</summary>
    private sealed class WordScorer : TextScorer
    {
        public int Calls { get; private set; }

        public override Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default)
        {
            Calls++;
            return Task.FromResult<IReadOnlyList<TextScore>>([.. requests.Select(request => new TextScore(
                [.. request.Continuation.Trim().Split(' ').Select(word => request.Prefix.Contains(word, StringComparison.Ordinal) ? -0.1 : -5)]))]);
        }
    }
}

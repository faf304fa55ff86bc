using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Tests.Runs;

public sealed class LeakageGuardTests
{
    [Theory]
    [InlineData("""{ "sections": ["PUMP  § 2"], "questions": [] }""")]
    [InlineData("""{ "sections": [], "questions": ["p-2"] }""")]
    public async Task AnAdapterThatWasTrainedOnATestQuestionsSectionIsRefused(string trained)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder[TrainedOn.FileName], trained, TestContext.Current.CancellationToken);

        var refusal = Assert.Throws<EvaluationException>(() => LeakageGuard.Check("leaky", folder.Path, PumpCorpus.Questions));

        Assert.Contains("'leaky' was trained on 1 of the 4", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("p-2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAdapterOfOtherSectionsPassesAndOneWithoutARecordIsNoted()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("nobody recorded", LeakageGuard.Check("unknown", folder.Path, PumpCorpus.Questions), StringComparison.Ordinal);

        await File.WriteAllTextAsync(folder[TrainedOn.FileName], """{ "sections": ["pump § 9"], "questions": ["x-1"] }""", TestContext.Current.CancellationToken);

        Assert.Null(LeakageGuard.Check("clean", folder.Path, PumpCorpus.Questions));
    }
}

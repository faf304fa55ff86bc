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
    public async Task AnAdapterOfOtherSectionsPassesAndOneWithoutARecordIsOfUnknownProvenance()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(LeakageGuard.Check("elsewhere", null, PumpCorpus.Questions));
        var unknown = AdapterSummary.Of("m:unknown", LeakageGuard.Check("unknown", folder.Path, PumpCorpus.Questions));
        Assert.Equal("unknown provenance", unknown.Provenance);
        Assert.Contains("nobody recorded", unknown.Note, StringComparison.Ordinal);

        await File.WriteAllTextAsync(folder[TrainedOn.FileName], """{ "sections": ["pump § 9"], "questions": ["x-1"] }""", TestContext.Current.CancellationToken);
        var clean = AdapterSummary.Of("m:clean", LeakageGuard.Check("clean", folder.Path, PumpCorpus.Questions));

        Assert.Null(clean.Note);
        Assert.Equal("trained on 1 sections and 1 questions, none of them asked here", clean.Provenance);
    }

    [Theory]
    [InlineData("""{ "sections": ["pump § 9"] }""")]
    [InlineData("""{ "section": ["pump § 9"], "questions": [] }""")]
    [InlineData("[]")]
    public async Task ARecordThatCannotBeReadIsNeverTakenForACleanOne(string record)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder[TrainedOn.FileName], record, TestContext.Current.CancellationToken);

        var refusal = Assert.Throws<EvaluationException>(() => LeakageGuard.Check("odd", folder.Path, PumpCorpus.Questions));

        Assert.Contains(TrainedOn.FileName, refusal.Message, StringComparison.Ordinal);
    }
}

using DomainTuning.Adapters;
using DomainTuning.Trainer.Training;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Tests.Runs;

[Collection(nameof(OneAtATime))]
public sealed class TrainerRunTests
{
    [Fact]
    public void FourStepsOfOneRecipeGiveTheSameLossesTwice()
    {
        using var first = new TinyRun(TinyRun.Recipe(steps: 4));
        using var second = new TinyRun(TinyRun.Recipe(steps: 4));

        first.Train();
        second.Train();

        Assert.Equal(4, Losses(first).Count);
        Assert.Equal(Losses(first), Losses(second));
    }

    [Fact]
    public void AFinishedTrainingLeavesAnAdapterWithCardPageCurvesAndTheLogitsToServe()
    {
        using var run = new TinyRun(TinyRun.Recipe(steps: 20));

        run.Train();

        var card = AdapterCard.Read(run.Folder.Adapter)!;
        Assert.Equal(("tiny", "lora", 4, 8.0, "bolts", 20, 1), (card.BaseModel, card.Method, card.Rank, card.Alpha, card.Corpus, card.Steps, card.Seed));
        Assert.True(card.PerplexityAfter < 0.8 * card.PerplexityBefore, $"{card.PerplexityBefore} → {card.PerplexityAfter}");
        Assert.NotNull(card.GeneralPerplexityAfter);
        Assert.Equal(11, card.Curve.Count);
        Assert.Equal(64, card.DataSha256!.Length);
        Assert.Equal(4, PeftConfig.Read(run.Folder.Adapter).Rank);
        Assert.Contains("curves.svg", File.ReadAllText(Path.Combine(run.Folder.Adapter, "README.md")), StringComparison.Ordinal);
        Assert.StartsWith("<svg", File.ReadAllText(run.Folder.Curves), StringComparison.Ordinal);
        Assert.True(File.Exists(run.Folder.Parity));
        Assert.Equal(TrainingEvent.Finished, run.Folder.Last()!.Event);
        Assert.DoesNotContain(Directory.EnumerateDirectories(run.Folder.Path), folder => Path.GetFileName(folder).StartsWith('.'));
    }

    [Fact]
    public void StoppingAndResumingGivesTheSameBitsAsGoingThrough()
    {
        using var whole = new TinyRun();
        using var parts = new TinyRun();

        whole.Train();
        Assert.Throws<OperationCanceledException>(() => parts.Train(stopAfter: 3));
        Assert.False(Directory.Exists(parts.Folder.Adapter));
        parts.Train(resume: true);

        Assert.Equal(File.ReadAllBytes(whole.AdapterTensors), File.ReadAllBytes(parts.AdapterTensors));
        Assert.Equal(Losses(whole), Losses(parts));
    }

    [Fact]
    public void ALossThatIsNoNumberFailsAndKeepsTheBestAdapter()
    {
        using var run = new TinyRun(TinyRun.Recipe() with { Optimiser = new() { LearningRate = 1e30, WarmUp = 0, ClipNorm = 0 }, Schedule = TinyRun.Recipe().Schedule with { ValidateEvery = 1 } });
        // The first step of a new adapter moves only B; the learner below breaks the third.
        var error = Assert.Throws<TrainingException>(() => run.Train(load: (checkpoint, recipe, precision, threads) => new BreakingLearner(
            TorchLearner.Load(checkpoint, recipe with { Optimiser = recipe.Optimiser with { LearningRate = 1e-3 } }, precision, threads), breaksAt: 3)));

        Assert.Contains("learning_rate", error.Message, StringComparison.Ordinal);
        Assert.Contains(run.Folder.Adapter, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, AdapterCard.Read(run.Folder.Adapter)!.BestStep);
    }

    [Fact]
    public void TooFewExamplesAreRefusedWithHowManyAreNeeded()
    {
        using var run = new TinyRun(examples: 5);
        using var empty = new TinyRun(validation: 0);

        Assert.Contains("5 training examples; at least 16", Assert.Throws<TrainingException>(() => run.Train()).Message, StringComparison.Ordinal);
        Assert.Contains("0 validation examples; at least 4", Assert.Throws<TrainingException>(() => empty.Train()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherBaseThanTheRunsIsRefused()
    {
        using var run = new TinyRun();
        run.WriteJob(job => job with { BaseSha256 = new string('0', 64) });

        Assert.Contains("checkpoint", Assert.Throws<TrainingException>(() => run.Train()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunThatWasBegunIsGoneOnWithOnlyWhenAskedAndOnlyUnchanged()
    {
        using var run = new TinyRun();
        Assert.Throws<OperationCanceledException>(() => run.Train(stopAfter: 1));

        Assert.Contains("--resume", Assert.Throws<ArgumentException>(() => run.Train()).Message, StringComparison.Ordinal);
        TrainingJson.WriteRecipe(run.Folder.Recipe, TinyRun.Recipe() with { Seed = 2 });
        Assert.Contains("other ones", Assert.Throws<TrainingException>(() => run.Train(resume: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneProcessAtATimeWorksOnARun()
    {
        using var run = new TinyRun();
        Assert.False(run.Folder.IsAtWork());
        using (run.Folder.Claim())
        {
            Assert.True(run.Folder.IsAtWork());
            Assert.Throws<TrainingException>(run.Folder.Claim);
        }

        Assert.False(run.Folder.IsAtWork());
    }

    private static List<double?> Losses(TinyRun run) => [.. run.Folder.History().Where(progress => progress.Event == TrainingEvent.Step).Select(progress => progress.Loss)];

    /// <summary>Trains, until its loss is no number.</summary>
    private sealed class BreakingLearner(Learner inner, int breaksAt) : Learner
    {
        private int steps;

        public override IReadOnlyList<LearnerTensor> Weights() => inner.Weights();

        public override void SetWeights(IReadOnlyList<LearnerTensor> weights) => inner.SetWeights(weights);

        public override IReadOnlyList<LearnerTensor> Moments() => inner.Moments();

        public override void SetMoments(IReadOnlyList<LearnerTensor> moments, int steps) => inner.SetMoments(moments, steps);

        public override void Begin(int seed)
        {
            steps++;
            inner.Begin(seed);
        }

        public override double Accumulate(PackedBatch batch, int labelsInStep) => steps >= breaksAt ? double.NaN : inner.Accumulate(batch, labelsInStep);

        public override double Update(double learningRate, double clipNorm) => inner.Update(1e-3, clipNorm);

        public override double Loss(PackedBatch batch) => inner.Loss(batch);

        public override float[] Logits(IReadOnlyList<int> ids) => inner.Logits(ids);

        public override void SaveAdapter(string folder) => inner.SaveAdapter(folder);

        protected override void Dispose(bool disposing) => inner.Dispose();
    }
}

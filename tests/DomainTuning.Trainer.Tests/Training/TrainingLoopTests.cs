using DomainTuning.Trainer.Data;
using DomainTuning.Trainer.Training;
using DomainTuning.Training;
using Microsoft.Extensions.Time.Testing;

namespace DomainTuning.Trainer.Tests.Training;

public sealed class TrainingLoopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new();
    private readonly List<TrainingProgress> told = [];

    [Fact]
    public void TheWeightsThatMeasuredBestAreKept()
    {
        double[] perplexities = [9, 8, 4, 5, 6, 7];
        using var learner = new ScriptedLearner(_ => 1, step => perplexities[step]);

        var outcome = Loop(learner, steps: 5).Run("id", null, TestContext.Current.CancellationToken);

        Assert.Equal((2, 4.0, 9.0), (outcome.State.BestStep, Math.Round(outcome.State.BestPerplexity!.Value, 9), Math.Round(outcome.State.PerplexityBefore!.Value, 9)));
        Assert.Equal(2, learner.Steps);
        Assert.Null(outcome.Problem);
    }

    [Fact]
    public void PatienceEndsATrainingThatGetsNoBetter()
    {
        using var learner = new ScriptedLearner(_ => 1, step => step <= 2 ? 10 - step : 9);

        var outcome = Loop(learner, steps: 50, recipe => recipe with { Patience = 3 }).Run("id", null, TestContext.Current.CancellationToken);

        Assert.Equal(5, outcome.State.Step);
        Assert.True(outcome.State.Ended);
        Assert.Equal(2, learner.Steps);
    }

    [Fact]
    public void ALossThatIsNoNumberEndsTheTrainingAndKeepsTheBest()
    {
        using var learner = new ScriptedLearner(step => step == 3 ? double.NaN : 1, step => 10 - step);

        var outcome = Loop(learner, steps: 6).Run("id", null, TestContext.Current.CancellationToken);

        Assert.Contains("step 4", outcome.Problem, StringComparison.Ordinal);
        Assert.Contains("optimiser.learning_rate", outcome.Problem, StringComparison.Ordinal);
        Assert.Equal(3, outcome.State.BestStep);
        Assert.Equal(3, learner.Steps);
    }

    [Fact]
    public void WhatWasStoppedIsSavedAndGoesOnWhereItWas()
    {
        using var stop = new CancellationTokenSource();
        using var first = new ScriptedLearner(_ => 1, step => 10 - (0.1 * step));
        var loop = Loop(first, steps: 8, recipe => recipe with { SaveEvery = 100 }, report: progress =>
        {
            if (progress is { Event: TrainingEvent.Step, Step: 3 }) stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => loop.Run("id", null, stop.Token));

        using var second = new ScriptedLearner(_ => 1, step => 10 - (0.1 * step));
        var saved = new SavedStates(folder.Path).Newest()!;
        var outcome = Loop(second, steps: 8).Run("id", saved, TestContext.Current.CancellationToken);

        Assert.Equal(3, saved.State.Step);
        Assert.Equal((8, 8), (outcome.State.Step, second.Steps));
        Assert.Equal(5, second.LearningRates.Count);
        using var whole = new ScriptedLearner(_ => 1, step => 10 - (0.1 * step));
        Loop(whole, steps: 8).Run("id", null, TestContext.Current.CancellationToken);
        Assert.Equal(whole.LearningRates, first.LearningRates.Concat(second.LearningRates));
    }

    [Fact]
    public void MinutesEndATrainingAtALearningRateOfNothing()
    {
        using var learner = new ScriptedLearner(
            _ =>
            {
                clock.Advance(TimeSpan.FromSeconds(20));
                return 1;
            },
            step => 10 - (0.01 * step));

        var outcome = Loop(learner, steps: 1000, recipe => recipe with { MaxMinutes = 2 }).Run("id", null, TestContext.Current.CancellationToken);

        Assert.Equal(3, outcome.State.Step); // two batches of 20 s each
        Assert.InRange(learner.LearningRates[^1], 0, 1e-9);
        Assert.Equal(0, told.Last(progress => progress.Event == TrainingEvent.Step).SecondsLeft);
    }

    [Fact]
    public void AHalfWrittenStateIsNeverTaken()
    {
        using var learner = new ScriptedLearner(_ => 1, step => 10 - step);
        Loop(learner, steps: 2).Run("id", null, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder[".state-new"]);
        File.WriteAllText(Path.Combine(folder[".state-new"], "tensors.safetensors"), "half");

        Assert.Equal(2, new SavedStates(folder.Path).Newest()!.State.Step);
    }

    public void Dispose() => folder.Dispose();

    private TrainingLoop Loop(Learner learner, int steps, Func<ScheduleRecipe, ScheduleRecipe>? schedule = null, Action<TrainingProgress>? report = null)
    {
        var batch = RowPacking.Batch([new EncodedExample("e", [1, 2, 3, 4], 2)]);
        var recipe = new ScheduleRecipe { ValidateEvery = 1, SaveEvery = 2, Patience = 0 };
        return new TrainingLoop(
            learner,
            new TrainingData([.. Enumerable.Repeat<IReadOnlyList<PackedBatch>>([batch, batch], steps)], [batch], []),
            new TrainingRecipe { Name = "x", Optimiser = new() { WarmUp = 0 }, Schedule = schedule?.Invoke(recipe) ?? recipe },
            new SavedStates(folder.Path),
            report ?? told.Add,
            clock);
    }
}

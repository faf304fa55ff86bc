using DomainTuning.Trainer.Data;
using System.Globalization;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Training;

/// <summary>What a training trains on and is measured by.</summary>
/// <param name="Steps">Batches of each optimiser step.</param>
/// <param name="Validation">Held-out examples.</param>
/// <param name="General">Text that has nothing to do with them; empty without one.</param>
internal sealed record TrainingData(IReadOnlyList<IReadOnlyList<PackedBatch>> Steps, IReadOnlyList<PackedBatch> Validation, IReadOnlyList<PackedBatch> General);

/// <summary>Where a training ended.</summary>
/// <param name="Problem">What ended it before its time, with a remedy; null when all went well. The learner has the best weights until then, if there are any.</param>
internal sealed record TrainingOutcome(TrainingState State, string? Problem);

/// <summary>
/// The optimiser steps of a training: gradients, a step, now and then a measurement and a save. Ends when the steps are done, the minutes are over or
/// patience is, and leaves the learner with the weights that measured best. Whatever ends it before is saved first.
/// </summary>
internal sealed class TrainingLoop(Learner learner, TrainingData data, TrainingRecipe recipe, SavedStates states, Action<TrainingProgress> report, TimeProvider clock)
{
    private readonly LearningRate rate = new(recipe.Optimiser, data.Steps.Count);
    private IReadOnlyList<LearnerTensor> best = [];
    private TrainingState state = null!;
    private long started;
    private double earlier;

    /// <param name="identity">Of recipe, examples and base; see <see cref="TrainingState.Identity"/>.</param>
    /// <param name="from">Where to go on; null begins.</param>
    /// <returns>Where it ended.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; everything is saved.</exception>
    public TrainingOutcome Run(string identity, Checkpoint? from, CancellationToken cancellationToken)
    {
        Begin(identity, from);
        try
        {
            if (state.PerplexityBefore is null) MeasureBase(cancellationToken);
            while (true)
            {
                if (IsDue) Validate(cancellationToken);
                if (IsLast || (recipe.Schedule.Patience > 0 && state.Unimproved >= recipe.Schedule.Patience)) state = state with { Ended = true };
                if (state.Ended || (state.Step > 0 && state.Step % recipe.Schedule.SaveEvery == 0)) Save();
                if (state.Ended) break;
                Step(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            Save(); // the step under way has changed nothing yet
            throw;
        }
        catch (NoNumberException error)
        {
            return End(error.Message);
        }

        return End(null);
    }

    /// <summary>exp of the mean loss over all labels.</summary>
    public double Perplexity(IReadOnlyList<PackedBatch> batches, CancellationToken cancellationToken)
    {
        double sum = 0;
        foreach (var batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sum += learner.Loss(batch);
        }

        return Math.Exp(sum / batches.Sum(batch => batch.LabelTokens));
    }

    private bool IsLast => state.Step == data.Steps.Count || (state.Step > 0 && TimeShare >= 1);

    /// <summary>Also of a step that was saved before it was measured.</summary>
    private bool IsDue => state.Step > 0 && state.MeasuredStep != state.Step && (IsLast || state.Step % recipe.Schedule.ValidateEvery == 0);

    private double Seconds => earlier + clock.GetElapsedTime(started).TotalSeconds;

    private double TimeShare => recipe.Schedule.MaxMinutes is { } minutes ? Math.Min(1, Seconds / (60 * minutes)) : 0;

    private TrainingOutcome End(string? problem)
    {
        if (best.Count > 0) learner.SetWeights(best);
        return new TrainingOutcome(state, problem);
    }

    private void Begin(string identity, Checkpoint? from)
    {
        started = clock.GetTimestamp();
        state = from?.State ?? new TrainingState { Identity = identity };
        earlier = state.Seconds;
        if (from is null) return;
        learner.SetWeights(from.Weights);
        learner.SetMoments(from.Moments, from.State.Step);
        best = from.Best;
        Report(TrainingEvent.Resumed);
    }

    private void MeasureBase(CancellationToken cancellationToken)
    {
        var before = Perplexity(data.Validation, cancellationToken);
        double? general = data.General.Count == 0 ? null : Perplexity(data.General, cancellationToken);
        state = state with { PerplexityBefore = before, GeneralBefore = general };
        Report(TrainingEvent.Validated, progress => progress with { Perplexity = before, GeneralPerplexity = general });
    }

    private void Step(CancellationToken cancellationToken)
    {
        var (batches, begun) = (data.Steps[state.Step], clock.GetTimestamp());
        var labels = batches.Sum(batch => batch.LabelTokens);
        learner.Begin(TrainingPlan.HashOf(recipe.Seed, state.Step));
        double sum = 0;
        foreach (var batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sum += learner.Accumulate(batch, labels);
        }

        var (loss, learningRate) = (sum / labels, rate.At(state.Step, TimeShare));
        if (!double.IsFinite(loss)) throw NoNumber("loss", loss);
        var norm = learner.Update(learningRate, recipe.Optimiser.ClipNorm);
        if (!double.IsFinite(norm)) throw NoNumber("gradients' norm", norm);
        var tokens = batches.Sum(batch => batch.Tokens);
        state = state with { Step = state.Step + 1, TokensSeen = state.TokensSeen + tokens };
        Report(TrainingEvent.Step, progress => progress with
        {
            Loss = loss,
            LearningRate = learningRate,
            GradientNorm = norm,
            TokensPerSecond = tokens / Math.Max(1e-9, clock.GetElapsedTime(begun).TotalSeconds),
        });
    }

    private void Validate(CancellationToken cancellationToken)
    {
        var perplexity = Perplexity(data.Validation, cancellationToken);
        if (!double.IsFinite(perplexity)) throw NoNumber("validation perplexity", perplexity);
        state = state with { MeasuredStep = state.Step };
        if (state.BestPerplexity is not { } known || perplexity < known)
        {
            best = learner.Weights();
            state = state with { BestStep = state.Step, BestPerplexity = perplexity, Unimproved = 0 };
        }
        else
        {
            state = state with { Unimproved = state.Unimproved + 1 };
        }

        Report(TrainingEvent.Validated, progress => progress with { Perplexity = perplexity });
    }

    private void Save()
    {
        state = state with { Seconds = Seconds };
        states.Save(new Checkpoint(state, learner.Weights(), learner.Moments(), best));
        Report(TrainingEvent.Saved);
    }

    private NoNumberException NoNumber(string what, double value) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"The {what} became {value} in step {state.Step + 1}. Lower optimiser.learning_rate (it is {recipe.Optimiser.LearningRate:g3}), lengthen optimiser.warm_up, or set schedule.precision to float32. {(state.BestStep is { } step ? $"The best weights before that are those of step {step}, with a validation perplexity of {state.BestPerplexity:0.000}" : "No weights were measured before that")}."));

    private void Report(TrainingEvent kind, Func<TrainingProgress, TrainingProgress>? more = null)
    {
        var seconds = Seconds;
        var progress = new TrainingProgress
        {
            Event = kind,
            At = clock.GetUtcNow(),
            Step = state.Step,
            Steps = data.Steps.Count,
            TokensSeen = state.TokensSeen,
            Seconds = Math.Round(seconds, 3),
            SecondsLeft = SecondsLeft(seconds),
            BestStep = state.BestStep,
        };
        report(more?.Invoke(progress) ?? progress);
    }

    private double? SecondsLeft(double seconds)
    {
        if (state.Step == 0) return null;
        var left = seconds / state.Step * (data.Steps.Count - state.Step);
        return Math.Round(recipe.Schedule.MaxMinutes is { } minutes ? Math.Min(left, Math.Max(0, (60 * minutes) - seconds)) : left, 1);
    }

    private sealed class NoNumberException(string message) : Exception(message);
}

namespace DomainTuning.Training;

/// <summary>What a training has just done.</summary>
public enum TrainingEvent
{
    /// <summary>Examples are encoded and the model is loaded.</summary>
    Started,

    /// <summary>An optimiser step.</summary>
    Step,

    /// <summary>Perplexity of the held-out answers, or of the general text.</summary>
    Validated,

    /// <summary>All that a resume needs is on the disk.</summary>
    Saved,

    /// <summary>An earlier process' work goes on.</summary>
    Resumed,

    /// <summary>The adapter's folder is written.</summary>
    Finished,

    /// <summary>The training ended otherwise; the message says why and what to do.</summary>
    Failed,
}

/// <summary>One line of progress.jsonl and of a trainer's standard output, in snake case. What an event has nothing to say about is left out.</summary>
public sealed record TrainingProgress
{
    public required TrainingEvent Event { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Optimiser steps that are done.</summary>
    public int Step { get; init; }

    /// <summary>Steps that there will be, unless time or patience ends first.</summary>
    public int Steps { get; init; }

    /// <summary>Mean negative log-likelihood of the step's label tokens, natural log.</summary>
    public double? Loss { get; init; }

    public double? LearningRate { get; init; }

    /// <summary>Before clipping.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>Tokens of examples, padding not counted, a second of training.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Tokens of examples that were trained on so far.</summary>
    public long? TokensSeen { get; init; }

    /// <summary>Seconds of training so far, over all processes that worked at it.</summary>
    public double? Seconds { get; init; }

    /// <summary>Seconds until the last step at the present speed.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Of the held-out examples' answers.</summary>
    public double? Perplexity { get; init; }

    /// <summary>Of general text: what the adapter makes the model forget.</summary>
    public double? GeneralPerplexity { get; init; }

    /// <summary>The step with the best <see cref="Perplexity"/> so far.</summary>
    public int? BestStep { get; init; }

    /// <summary>For people.</summary>
    public string? Message { get; init; }
}

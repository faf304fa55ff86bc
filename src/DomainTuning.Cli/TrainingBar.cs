using System.Diagnostics;
using System.Globalization;
using DomainTuning.Training;
using Spectre.Console;

namespace DomainTuning.Cli;

/// <summary>Shows a training as a bar with loss, learning rate, speed, perplexity and time left on a terminal, and as a line every few seconds in a pipe.</summary>
internal static class TrainingBar
{
    public static async Task<T> TrainingAsync<T>(this Terminal terminal, Func<IProgress<TrainingProgress>, Task<T>> work)
    {
        if (!terminal.Tables.Profile.Capabilities.Interactive) return await work(new Lines(terminal.Error));
        return await terminal.Tables.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn())
            .StartAsync(context => work(new Bar(context.AddTask("preparing", autoStart: true))));
    }

    /// <summary>What there is to say of a training at a moment, with what was measured before.</summary>
    internal static string Line(TrainingProgress step, double? perplexity)
    {
        string N(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        List<string> parts =
        [
            N($"step {step.Step} of {step.Steps}: loss {step.Loss:0.000}"), N($"lr {step.LearningRate:0.0e+0}"), N($"{step.TokensPerSecond:0} tok/s"),
        ];
        if (perplexity is not null) parts.Add(N($"perplexity {perplexity:0.000}"));
        if (step.SecondsLeft is { } left && step.Step < step.Steps) parts.Add($"{Readable(left)} left");
        return string.Join(", ", parts);
    }

    internal static string Readable(double seconds) => seconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 60):0} min");

    private static string? Said(TrainingProgress value) => value.Event switch
    {
        TrainingEvent.Started => value.Message,
        TrainingEvent.Resumed => string.Create(CultureInfo.InvariantCulture, $"going on after step {value.Step} of {value.Steps}"),
        TrainingEvent.Validated when value.Perplexity is not null => string.Create(
            CultureInfo.InvariantCulture, $"step {value.Step} of {value.Steps}: perplexity of held-out answers {value.Perplexity:0.000}{(value.BestStep is { } best && best != value.Step ? $" (best so far in step {best})" : "")}"),
        _ => null,
    };

    private sealed class Bar(ProgressTask task) : IProgress<TrainingProgress>
    {
        private double? perplexity;

        public void Report(TrainingProgress value)
        {
            perplexity = value.Perplexity ?? perplexity;
            task.MaxValue = Math.Max(1, value.Steps);
            task.Value = value.Step;
            if (value.Event == TrainingEvent.Step) task.Description = Markup.Escape(Line(value, perplexity));
            else if (value.Step == 0 && Said(value) is { } said) task.Description = Markup.Escape(said);
        }
    }

    private sealed class Lines(TextWriter error) : IProgress<TrainingProgress>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

        private long last = Stopwatch.GetTimestamp();
        private double? perplexity;

        public void Report(TrainingProgress value)
        {
            perplexity = value.Perplexity ?? perplexity;
            if (Said(value) is { } said) error.WriteLine(said);
            if (value.Event != TrainingEvent.Step || (value.Step < value.Steps && Stopwatch.GetElapsedTime(last) < Pause)) return;
            last = Stopwatch.GetTimestamp();
            error.WriteLine(Line(value, perplexity));
        }
    }
}

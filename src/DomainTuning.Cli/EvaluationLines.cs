using System.Diagnostics;
using System.Globalization;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli;

/// <summary>Says how an evaluation gets on: a line every few seconds, and one at the end of each stage.</summary>
internal sealed class EvaluationLines(TextWriter error) : IProgress<EvaluationProgress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock one = new();
    private long last = Stopwatch.GetTimestamp();

    public void Report(EvaluationProgress value)
    {
        lock (one)
        {
            if (value.Done < value.Total && Stopwatch.GetElapsedTime(last) < Pause) return;
            last = Stopwatch.GetTimestamp();
            error.WriteLine(Line(value));
        }
    }

    private static string Line(EvaluationProgress value)
    {
        var cached = value.Cached == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {value.Cached} from earlier runs");
        var errors = value.Errors == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {value.Errors} errors");
        var left = value.Done == value.Total || value.Left is not { } time ? "" : $", {Readable(time)} left";
        return string.Create(CultureInfo.InvariantCulture, $"{value.Stage}: {value.Done} of {value.Total}{cached}{errors}{left}");
    }

    private static string Readable(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds):0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes):0} min");
}

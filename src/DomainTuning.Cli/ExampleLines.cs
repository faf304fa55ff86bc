using System.Diagnostics;
using System.Globalization;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Cli;

/// <summary>Says how the making of examples gets on: a line every few seconds, and one at the end of each stage.</summary>
internal sealed class ExampleLines(TextWriter error) : IProgress<ExampleProgress>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private long last = Stopwatch.GetTimestamp();

    public void Report(ExampleProgress value)
    {
        if (value.Done < value.Total && Stopwatch.GetElapsedTime(last) < Pause) return;
        last = Stopwatch.GetTimestamp();
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value.Stage}: {value.Done} of {value.Total}"));
    }
}

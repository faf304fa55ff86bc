using System.Diagnostics;

namespace DomainTuning.Bench;

/// <summary>Times that mean something on a shared machine: a warm-up, then the median of several runs.</summary>
internal static class Stopwatches
{
    public static async Task<double> MedianSecondsAsync(int runs, Func<Task> work)
    {
        await work();
        var seconds = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            await work();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        seconds.Sort();
        return seconds[seconds.Count / 2];
    }
}

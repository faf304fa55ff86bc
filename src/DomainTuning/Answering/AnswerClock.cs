using System.Diagnostics;

namespace DomainTuning.Answering;

/// <summary>Splits the time of one answer by what it went to.</summary>
internal sealed class AnswerClock
{
    private readonly long start = Stopwatch.GetTimestamp();
    private long last = Stopwatch.GetTimestamp();
    private TimeSpan retrieval, quoting, generation;

    public void Retrieved() => retrieval += Lap();

    public void Quoted() => quoting += Lap();

    public void Generated() => generation += Lap();

    public AnswerTimings Read() => new(retrieval, quoting, generation, Stopwatch.GetElapsedTime(start));

    private TimeSpan Lap()
    {
        var now = Stopwatch.GetTimestamp();
        var lap = Stopwatch.GetElapsedTime(last, now);
        last = now;
        return lap;
    }
}

/// <summary>Tokens of all calls that one answer made.</summary>
internal sealed class TokenUsage
{
    private long prompt, completion, cached;

    public void Add(Microsoft.Extensions.AI.UsageDetails details) =>
        (prompt, completion, cached) = (prompt + (details.InputTokenCount ?? 0), completion + (details.OutputTokenCount ?? 0), cached + (details.CachedInputTokenCount ?? 0));

    public AnswerUsage ToAnswerUsage() => new((int)prompt, (int)completion, (int)cached);
}

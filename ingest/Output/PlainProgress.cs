using System.Globalization;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Output;

/// <summary>Progress as lines, for logs and pipes: one a verdict, and a sign of life while a long file takes its time.</summary>
internal sealed class PlainProgress(TextWriter output, TimeProvider time) : IProgress<IngestProgress>
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private long last = time.GetTimestamp();

    public void Report(IngestProgress value)
    {
        if (value.Verdict is { } verdict)
        {
            var counts = verdict.Chunks == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {verdict.Pages:#,0} {(verdict.Pages == 1 ? "page" : "pages")}, {verdict.Chunks:#,0} {(verdict.Chunks == 1 ? "chunk" : "chunks")}, {verdict.Time.TotalSeconds:0.0} s");
            Write($"[{value.FilesDone}/{value.Files}] {ReportTable.Words(verdict.Verdict)}: {verdict.Path}{counts}");
        }
        else if (time.GetElapsedTime(last) >= Silence && value.Chunks > 0)
        {
            Write($"[{value.FilesDone}/{value.Files}] {value.File}: {Pace(value)}");
        }
    }

    /// <summary>"420 of about 1,047 chunks, 31.2 chunks/s, 20 s left".</summary>
    public static string Pace(IngestProgress value)
    {
        var left = value.TimeLeft is { } time ? $", {Words(time)} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{value.Chunks:#,0} of about {value.EstimatedChunks:#,0} chunks, {value.ChunksPerSecond:0.0} chunks/s{left}");
    }

    private static string Words(TimeSpan time) =>
        time.TotalSeconds < 90 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds):0} s")
        : time.TotalMinutes < 90 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes):0} min")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.0} h");

    private void Write(string line)
    {
        last = time.GetTimestamp();
        output.WriteLine(Wording.OneLine(line));
        output.Flush();
    }
}

using Microsoft.Extensions.Time.Testing;

namespace DomainTuning.Ingest.Tests;

public sealed class ProgressMeterTests : IProgress<IngestProgress>
{
    private readonly FakeTimeProvider time = new();
    private IngestProgress last = new();

    void IProgress<IngestProgress>.Report(IngestProgress value) => last = value;

    [Fact]
    public void RateAndTimeLeftFollowFromChunksAndBytes()
    {
        FoundFile first = File("a", 1000), second = File("b", 3000), unchanged = File("c", 5000);
        var meter = new ProgressMeter(this, time);
        meter.Begin([first, second, unchanged], problems: 0);
        meter.Passed(unchanged);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(last.TimeLeft);

        meter.Read(first, filePages: 2, chunks: 10);
        time.Advance(TimeSpan.FromSeconds(1));
        meter.Embedded(first, 5);

        Assert.Equal((5, 40, 5.0, TimeSpan.FromSeconds(7), 0.125), (last.Chunks, last.EstimatedChunks, last.ChunksPerSecond, last.TimeLeft, last.Share));

        time.Advance(TimeSpan.FromSeconds(1));
        meter.Embedded(first, 5);
        meter.Read(second, filePages: 4, chunks: 90); // more than thought: the share waits, the time left grows

        Assert.Equal((100, TimeSpan.FromSeconds(18), 0.25, 6), (last.EstimatedChunks, last.TimeLeft, last.Share, last.Pages));
    }

    [Fact]
    public void TheShareIsOneOnlyWhenEveryFileHasItsVerdict()
    {
        var file = File("a", 10);
        var meter = new ProgressMeter(this, time);
        meter.Begin([file], problems: 1);
        meter.Read(file, 1, 1);
        time.Advance(TimeSpan.FromSeconds(1));
        meter.Embedded(file, 1);
        Assert.Equal(0.99, last.Share);

        meter.Finished(new FileReport { Path = "a", Verdict = FileVerdict.Added });
        meter.Finished(new FileReport { Path = "gone", Verdict = FileVerdict.Missing });

        Assert.Equal((1.0, 2, 2), (last.Share, last.FilesDone, last.Files));
    }

    private static FoundFile File(string path, long length) => new(path, path, length, WasNamed: false);
}

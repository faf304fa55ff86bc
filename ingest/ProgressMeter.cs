namespace DomainTuning.Ingest;

/// <summary>
/// Counts what is done and tells rate and time left. Embedding takes nearly all of the time, so work is measured in chunks; how many an unread
/// file will give is estimated from the bytes of those that were read. Thread-safe: one file is read while another is embedded.
/// </summary>
internal sealed class ProgressMeter(IProgress<IngestProgress> progress, TimeProvider time)
{
    private readonly Lock gate = new();
    private int files;
    private int filesDone;
    private int pages;
    private int chunksRead;
    private int chunksEmbedded;
    private long bytesRead;
    private long bytesToRead;
    private long? embeddingSince;
    private double share;
    private string? reading;
    private string? embedding;

    public void Begin(IReadOnlyList<FoundFile> found, int problems)
    {
        lock (gate)
        {
            files = found.Count + problems;
            bytesToRead = found.Sum(file => file.Length);
            Report();
        }
    }

    public void Reading(FoundFile file)
    {
        lock (gate)
        {
            reading = file.RelativePath;
            Report();
        }
    }

    /// <summary>A file that gives chunks was read.</summary>
    public void Read(FoundFile file, int filePages, int chunks)
    {
        lock (gate)
        {
            reading = null;
            bytesToRead -= file.Length;
            bytesRead += file.Length;
            pages += filePages;
            chunksRead += chunks;
            embeddingSince ??= time.GetTimestamp();
            Report();
        }
    }

    /// <summary>A file that gives nothing, or nothing new, was passed by.</summary>
    public void Passed(FoundFile file)
    {
        lock (gate)
        {
            reading = null;
            bytesToRead -= file.Length;
        }
    }

    public void Embedded(FoundFile file, int chunks)
    {
        lock (gate)
        {
            embedding = file.RelativePath;
            chunksEmbedded += chunks;
            Report();
        }
    }

    public void Finished(FileReport verdict)
    {
        lock (gate)
        {
            filesDone++;
            if (embedding == verdict.Path) embedding = null;
            Report(verdict);
        }
    }

    private void Report(FileReport? verdict = null)
    {
        var estimate = bytesRead == 0 ? chunksRead : chunksRead + (chunksRead * (double)bytesToRead / bytesRead);
        var elapsed = embeddingSince is { } since ? time.GetElapsedTime(since).TotalSeconds : 0;
        var rate = chunksEmbedded > 0 && elapsed > 0 ? chunksEmbedded / elapsed : 0;
        share = Math.Max(share, filesDone == files ? 1 : estimate > 0 ? Math.Min(chunksEmbedded / estimate, 0.99) : 0);
        progress.Report(new IngestProgress
        {
            File = embedding ?? reading,
            FilesDone = filesDone,
            Files = files,
            Pages = pages,
            Chunks = chunksEmbedded,
            EstimatedChunks = (int)Math.Min(Math.Ceiling(estimate), int.MaxValue),
            ChunksPerSecond = rate,
            TimeLeft = rate > 0 ? TimeSpan.FromSeconds(Math.Min((estimate - chunksEmbedded) / rate, TimeSpan.FromDays(999).TotalSeconds)) : null,
            Share = share,
            Verdict = verdict,
        });
    }
}

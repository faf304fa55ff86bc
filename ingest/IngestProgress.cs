namespace DomainTuning.Ingest;

/// <summary>Where a run stands. Reported one after the other, never at once, so that a display needs no lock.</summary>
public sealed record IngestProgress
{
    /// <summary>The file that is being embedded, or read while nothing is to embed.</summary>
    public string? File { get; init; }

    public int FilesDone { get; init; }

    public int Files { get; init; }

    /// <summary>Pages read so far.</summary>
    public int Pages { get; init; }

    /// <summary>Chunks embedded so far.</summary>
    public int Chunks { get; init; }

    /// <summary>What the total will be if the unread files have as many chunks a byte as those read; 0 while nothing has been read.</summary>
    public int EstimatedChunks { get; init; }

    /// <summary>Since the first chunk was there to be embedded; 0 before.</summary>
    public double ChunksPerSecond { get; init; }

    /// <summary>Null until it can be told.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Of the whole run, 0 to 1; never goes back.</summary>
    public double Share { get; init; }

    /// <summary>Set when a file just got its verdict.</summary>
    public FileReport? Verdict { get; init; }
}

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>What reading one PDF may cost.</summary>
public sealed record PdfReadOptions
{
    /// <summary>For one file. Default two minutes: at 40 pages a second that is a book of 5,000 pages. <see cref="TimeLimitPerMegabyte"/> comes on top.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Added for each megabyte of the file. Default one second.</summary>
    public TimeSpan TimeLimitPerMegabyte { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Managed heap of one child process in bytes. Default 1 GiB: a 100 MB file, its objects and its pages.</summary>
    public long HeapLimitBytes { get; init; } = 1L << 30;

    /// <summary>Child processes at most. Default 1; they start when files arrive.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>Let the children yield to everything else on the machine. Default false.</summary>
    public bool LowPriority { get; init; }

    internal TimeSpan TimeLimitFor(long bytes) => TimeLimit + TimeLimitPerMegabyte * (bytes / 1_000_000.0);

    internal void Validate()
    {
        if (TimeLimit <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(TimeLimit), TimeLimit, "The time limit for reading a PDF must be positive, e.g. 00:02:00.");
        if (TimeLimitPerMegabyte < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(TimeLimitPerMegabyte), TimeLimitPerMegabyte, "The extra time for each megabyte must not be negative.");
        if (HeapLimitBytes < 64L << 20) throw new ArgumentOutOfRangeException(nameof(HeapLimitBytes), HeapLimitBytes, "The heap limit for reading a PDF must be at least 64 MiB (67108864).");
        if (Processes is < 1 or > 64) throw new ArgumentOutOfRangeException(nameof(Processes), Processes, "The number of PDF reading processes must lie between 1 and 64.");
    }
}

using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest;

/// <summary>What became of a file. Everything from <see cref="NeedsOcr"/> on means that it gave nothing.</summary>
public enum FileVerdict
{
    Added,
    Replaced,
    Unchanged,

    /// <summary>It vanished from the inputs and was pruned.</summary>
    Removed,

    /// <summary>Stored, but some of its pages gave nothing or look wrong.</summary>
    Partial,

    /// <summary>Found in a folder, of a kind that is not read.</summary>
    Skipped,
    NeedsOcr,
    Encrypted,
    Broken,
    Empty,
    TimedOut,
    OutOfMemory,
    Unsupported,
    Unreadable,
    Missing,
}

/// <summary>The verdict on one file.</summary>
public sealed record FileReport
{
    /// <summary>Path inside the corpus, or as it was given when nothing is there.</summary>
    public required string Path { get; init; }

    public required FileVerdict Verdict { get; init; }

    /// <summary>What is wrong and what to do; null when all is well.</summary>
    public string? Message { get; init; }

    public int Pages { get; init; }

    public int Chunks { get; init; }

    /// <summary>Reading, cutting, embedding and storing.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>Pages that are not as they should be.</summary>
    public IReadOnlyList<PageRemark> Remarks { get; init; } = [];

    public bool GaveNothing => Verdict >= FileVerdict.NeedsOcr;

    public bool IsStored => Verdict is FileVerdict.Added or FileVerdict.Replaced or FileVerdict.Partial;
}

/// <summary>The end of a run: a verdict a file, by path.</summary>
public sealed record IngestReport
{
    public required string Corpus { get; init; }

    public IReadOnlyList<FileReport> Files { get; init; } = [];

    /// <summary>Why the run ended before all files had their turn, and what to do; null when it went to the end. What was stored until then stays.</summary>
    public string? Stopped { get; init; }

    /// <summary>Sentences about the run as a whole.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public TimeSpan Time { get; init; }

    /// <summary>Pages that were stored in this run.</summary>
    public int Pages => Files.Where(file => file.IsStored).Sum(file => file.Pages);

    /// <summary>Chunks that were stored in this run.</summary>
    public int Chunks => Files.Where(file => file.IsStored).Sum(file => file.Chunks);

    /// <summary>0 when the run went to the end and every file gave something, 1 otherwise.</summary>
    public int ExitCode => Stopped is null && !Files.Any(file => file.GaveNothing) ? 0 : 1;
}

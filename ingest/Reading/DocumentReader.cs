using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading;

/// <summary>A file on its way in.</summary>
/// <param name="FullPath">Where it lies now.</param>
/// <param name="RelativePath">Its path inside the corpus, with slashes.</param>
/// <param name="Sha256">Lower-case hex SHA-256 of its bytes.</param>
/// <param name="Password">For encrypted documents.</param>
public sealed record SourceFile(string FullPath, string RelativePath, string Sha256, string? Password = null)
{
    public DocumentId DocumentId => DocumentId.From(Sha256, RelativePath);
}

/// <summary>What reading gave. Everything but <see cref="Ok"/> comes with a message that says what to do.</summary>
public enum ReadStatus
{
    Ok,

    /// <summary>Some pages gave nothing or look wrong; the rest is there.</summary>
    Partial,

    /// <summary>Pages are pictures.</summary>
    NeedsOcr,

    /// <summary>A password is needed, or the given one is wrong.</summary>
    Encrypted,
    Broken,

    /// <summary>Nothing to read in it.</summary>
    Empty,
    TimedOut,
    OutOfMemory,
    Unsupported,
}

/// <summary>Why one page is not as it should be.</summary>
/// <param name="Page">Physical page, from 1.</param>
/// <param name="Reason">"picture only", "unknown glyphs", "no spaces", "failed: …".</param>
public sealed record PageRemark(int Page, string Reason);

/// <summary>The outcome for one file. <see cref="Document"/> is set for <see cref="ReadStatus.Ok"/> and <see cref="ReadStatus.Partial"/> only.</summary>
public sealed record ReadResult(ReadStatus Status, Document? Document, string? Message = null)
{
    public IReadOnlyList<PageRemark> Remarks { get; init; } = [];
}

/// <summary>Turns one kind of file into a <see cref="Document"/>. A bad file is a result, never an exception; only cancellation throws. Thread-safe.</summary>
public abstract class DocumentReader
{
    /// <summary>Lower-case file extensions with the dot.</summary>
    public abstract IReadOnlyList<string> Extensions { get; }

    public abstract Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken);
}

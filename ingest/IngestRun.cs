using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest;

/// <summary>
/// The pipeline on one page: scan → hash → read → cut → embed → store. Each document is stored in one transaction, so a run may be killed at any
/// moment and the next one goes on where it was: what is stored with the same bytes and tags is passed by. A bad file is a verdict, not the end.
/// While one document is embedded, the next is read.
/// </summary>
public sealed class IngestRun
{
    /// <summary>Chunks embedded between two reports of progress: a second or two on two cores, and enough to group them by length.</summary>
    private const int BatchSize = 32;

    private readonly IngestOptions options;
    private readonly ChunkIndex index;
    private readonly Embedder embedder;
    private readonly DocumentReaders readers;
    private readonly TimeProvider time;
    private readonly ProgressMeter meter;
    private readonly Chunker chunker;
    private readonly string[] tags;
    private readonly List<FileReport> reports = [];
    private readonly List<string> notes = [];

    internal IngestRun(
        IngestOptions options, ChunkIndex index, Embedder embedder, DocumentReaders readers, IProgress<IngestProgress> progress, TimeProvider time)
    {
        options.Validate();
        this.options = options;
        this.index = index;
        this.embedder = embedder;
        this.readers = readers;
        this.time = time;
        meter = new ProgressMeter(progress, time);
        chunker = new Chunker(index.Manifest.Chunking, embedder.CountTokens);
        tags = [.. options.Tags.Select(tag => tag.Trim()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Ingests into an open index. Bad files, a full disk and cancellation are told by the report, which then says what to do; what was stored stays.
    /// </summary>
    /// <param name="options">Corpus and chunk sizes must be those of the index, which win.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public static async Task<IngestReport> RunAsync(
        IngestOptions options, ChunkIndex index, Embedder embedder, IProgress<IngestProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var readers = DocumentReaders.All(options);
        return await new IngestRun(options, index, embedder, readers, progress, time).RunAsync(cancellationToken);
    }

    internal async Task<IngestReport> RunAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        string? stopped = null;
        try
        {
            var scan = SourceScan.Of(options.Inputs, cancellationToken);
            var known = (await index.DocumentsAsync(cancellationToken)).ToDictionary(document => document.Path, StringComparer.Ordinal);
            meter.Begin(scan.Files, scan.Problems.Count);
            foreach (var problem in scan.Problems) Finish(problem);

            var read = (CancellationToken stop) => ReadAsync(scan.Files, known, stop);
            await foreach (var document in read.WithReadAhead(1, cancellationToken))
            {
                var taken = time.GetTimestamp();
                var chunks = await EmbedAsync(document, cancellationToken);
                await StoreAsync(document, chunks, cancellationToken);
                Finish(Stored(document, document.ReadingTime + time.GetElapsedTime(taken)));
            }

            if (options.Prune) await PruneAsync(scan, known.Values, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            stopped = "Stopped on request. What was stored stays; run the same command again to go on.";
        }
        catch (IndexException e)
        {
            stopped = e.Message;
        }
        catch (IOException e)
        {
            stopped = $"Writing the index failed: {e.Message} What was stored stays; free some space and run the same command again to go on.";
        }

        return new IngestReport
        {
            Corpus = index.Manifest.Corpus,
            Files = [.. reports.OrderBy(report => report.Path, StringComparer.Ordinal)],
            Notes = notes,
            Stopped = stopped,
            Time = time.GetElapsedTime(start),
        };
    }

    /// <summary>A document with all that storing it needs but its vectors.</summary>
    private sealed record CutDocument(FoundFile File, ReadResult Read, Document Document, IReadOnlyList<Chunk> Chunks, FileVerdict Verdict, TimeSpan ReadingTime);

    /// <summary>Hashes, reads and cuts. Files that give nothing, or nothing new, get their verdict here.</summary>
    private async IAsyncEnumerable<CutDocument> ReadAsync(
        IReadOnlyList<FoundFile> files, Dictionary<string, IndexedDocument> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            meter.Reading(file);
            var start = time.GetTimestamp();
            var stored = known.GetValueOrDefault(file.RelativePath);
            var (cut, verdict) = await ReadAsync(file, stored, start, cancellationToken);
            if (cut is not null)
            {
                meter.Read(file, cut.Document.Pages.Count, cut.Chunks.Count);
                yield return cut;
            }
            else if (verdict is not null)
            {
                meter.Passed(file);
                Finish(verdict with { Message = WithStored(verdict, stored), Time = time.GetElapsedTime(start) });
            }
        }
    }

    private async Task<(CutDocument? Cut, FileReport? Verdict)> ReadAsync(FoundFile file, IndexedDocument? stored, long start, CancellationToken cancellationToken)
    {
        if (file.Length == 0) return Verdict(FileVerdict.Empty, "The file has no bytes."); // also what pipes and devices say, which must not be opened
        if (!file.WasNamed && !readers.CanRead(file.FullPath)) return Verdict(FileVerdict.Skipped, readers.Refusal(file.FullPath));
        try
        {
            var sha256 = await HashAsync(file.FullPath, cancellationToken);
            if (stored is not null && stored.Sha256 == sha256 && stored.Tags.Order(StringComparer.Ordinal).SequenceEqual(tags))
                return (null, new FileReport { Path = file.RelativePath, Verdict = FileVerdict.Unchanged, Message = stored.Note, Pages = stored.Pages, Chunks = stored.Chunks });

            var read = await readers.ReadAsync(new SourceFile(file.FullPath, file.RelativePath, sha256, options.Password), cancellationToken);
            if (read.Document is not { } document) return Verdict(VerdictOf(read.Status), read.Message, read.Remarks);

            var chunks = chunker.Cut(document, index.Manifest.Corpus, tags);
            if (chunks.Count == 0) return Verdict(FileVerdict.Empty, "There is no text in the file.", read.Remarks);
            var verdict = read.Status == ReadStatus.Partial ? FileVerdict.Partial : stored is null ? FileVerdict.Added : FileVerdict.Replaced;
            return (new CutDocument(file, read, document, chunks, verdict, time.GetElapsedTime(start)), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Verdict(FileVerdict.Unreadable, $"The file cannot be opened: {e.Message}");
        }
#pragma warning disable CA1031 // One document that trips over a fault of ours must not end the run for all others.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Verdict(FileVerdict.Broken, $"Reading failed with {e.GetType().Name}: {e.Message} This is a fault in DomainTuning; please report it with the file.");
        }

        (CutDocument?, FileReport) Verdict(FileVerdict verdict, string? message, IReadOnlyList<PageRemark>? remarks = null) =>
            (null, new FileReport { Path = file.RelativePath, Verdict = verdict, Message = message, Remarks = remarks ?? [] });
    }

    private async Task<IReadOnlyList<EmbeddedChunk>> EmbedAsync(CutDocument document, CancellationToken cancellationToken)
    {
        var embedded = new List<EmbeddedChunk>(document.Chunks.Count);
        foreach (var batch in document.Chunks.Chunk(BatchSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vectors = await embedder.EmbedPassagesAsync([.. batch.Select(chunk => chunk.EmbeddedText)], cancellationToken);
            embedded.AddRange(batch.Zip(vectors, (chunk, vector) => new EmbeddedChunk(chunk, vector)));
            meter.Embedded(document.File, batch.Length);
        }

        return embedded;
    }

    private async Task StoreAsync(CutDocument cut, IReadOnlyList<EmbeddedChunk> chunks, CancellationToken cancellationToken)
    {
        var document = cut.Document;
        await index.StoreAsync(
            new IndexedDocument(
                document.Id, document.Path, document.Title, document.Sha256, document.Pages.Count, chunks.Count, tags, time.GetUtcNow(), cut.Read.Message),
            [.. document.Pages.Select(page => page.ToText())],
            chunks,
            cancellationToken);
    }

    /// <summary>See <see cref="IngestOptions.Prune"/> for the rule.</summary>
    private async Task PruneAsync(SourceScan scan, IEnumerable<IndexedDocument> known, CancellationToken cancellationToken)
    {
        if (scan.Problems.Count > 0)
        {
            notes.Add($"Nothing was pruned, because not all inputs could be read ({scan.Problems[0].Path}). Mend that and run the same command again.");
            return;
        }

        var found = scan.Files.Select(file => file.RelativePath).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in known.Where(document => !found.Contains(document.Path)))
            if (await index.DeleteAsync(gone.Id, cancellationToken))
                Finish(new FileReport { Path = gone.Path, Verdict = FileVerdict.Removed, Pages = gone.Pages, Chunks = gone.Chunks });
    }

    private static FileReport Stored(CutDocument cut, TimeSpan took) => new()
    {
        Path = cut.Document.Path,
        Verdict = cut.Verdict,
        Message = cut.Read.Message,
        Pages = cut.Document.Pages.Count,
        Chunks = cut.Chunks.Count,
        Time = took,
        Remarks = cut.Read.Remarks,
    };

    private void Finish(FileReport report)
    {
        lock (reports) reports.Add(report);
        meter.Finished(report);
    }

    /// <summary>A version that was read before is not given up for one that cannot be.</summary>
    private static string? WithStored(FileReport verdict, IndexedDocument? stored) =>
        stored is null || !verdict.GaveNothing ? verdict.Message : $"{verdict.Message} The version of {stored.IngestedAt:yyyy-MM-dd} stays in the index.";

    private static FileVerdict VerdictOf(ReadStatus status) => status switch
    {
        ReadStatus.NeedsOcr => FileVerdict.NeedsOcr,
        ReadStatus.Encrypted => FileVerdict.Encrypted,
        ReadStatus.Empty => FileVerdict.Empty,
        ReadStatus.TimedOut => FileVerdict.TimedOut,
        ReadStatus.OutOfMemory => FileVerdict.OutOfMemory,
        ReadStatus.Unsupported => FileVerdict.Unsupported,
        _ => FileVerdict.Broken,
    };

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }
}

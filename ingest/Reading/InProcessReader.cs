using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// A reader for formats that are plain enough to be parsed in this process: it holds the limits (file size, time, stack) and turns whatever goes
/// wrong into a result, so that a format only says how bytes become blocks. PDFs are not read this way: they get a process of their own.
/// </summary>
public abstract class InProcessReader : DocumentReader
{
    /// <summary>Parsers recurse with the nesting of a document; nesting is limited too, this leaves room for the limit.</summary>
    private const int StackBytes = 16 << 20;

    private readonly TimeSpan timeLimit;

    /// <param name="timeLimit">For one file; after it the verdict is <see cref="ReadStatus.TimedOut"/>.</param>
    private protected InProcessReader(TimeSpan timeLimit) => this.timeLimit = timeLimit;

    /// <summary>Name of the format in messages.</summary>
    private protected abstract string Format { get; }

    /// <summary>Largest file that is opened.</summary>
    private protected abstract long MaxBytes { get; }

    /// <summary>Adds the content's blocks in reading order; throws <see cref="RefusedException"/> with a verdict, or anything else for a broken file.</summary>
    private protected abstract void Parse(byte[] content, BlockList blocks, CancellationToken cancellationToken);

    public sealed override async Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken)
    {
        try
        {
            var length = new FileInfo(file.FullPath).Length;
            if (length > MaxBytes)
                return new ReadResult(ReadStatus.Unsupported, null,
                    $"The file has {length / 1e6:0} MB; {Format} is read up to {MaxBytes / 1e6:0} MB. Split it and ingest the parts.");
            var content = await File.ReadAllBytesAsync(file.FullPath, cancellationToken);
            return content.Length == 0
                ? new ReadResult(ReadStatus.Empty, null, "The file has no bytes.")
                : await ParseWithinLimitsAsync(file, content, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ReadResult(ReadStatus.Broken, null, $"The file cannot be opened: {e.Message}");
        }
    }

    /// <summary>Parses on a thread of its own. A parser that does not end is left behind on it: the thread dies with the process, the run goes on.</summary>
    private async Task<ReadResult> ParseWithinLimitsAsync(SourceFile file, byte[] content, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var done = new TaskCompletionSource<ReadResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopping = stop.Token;
        new Thread(() => done.TrySetResult(ParseToResult(file, content, stopping)), StackBytes) { IsBackground = true, Name = $"read {Format}" }.Start();
        try
        {
            return await done.Task.WaitAsync(timeLimit, cancellationToken);
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync();
            return new ReadResult(ReadStatus.TimedOut, null,
                $"Reading took longer than {timeLimit.TotalSeconds:0} s. Pass a larger --time-limit, or split the file.");
        }
        catch (OperationCanceledException)
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private ReadResult ParseToResult(SourceFile file, byte[] content, CancellationToken cancellationToken)
    {
        var blocks = new BlockList();
        try
        {
            Parse(content, blocks, cancellationToken);
        }
        catch (RefusedException e)
        {
            return new ReadResult(e.Status, null, e.Message);
        }
        catch (OutOfMemoryException)
        {
            return new ReadResult(ReadStatus.OutOfMemory, null, "Reading needs more memory than there is. Split the file and ingest the parts.");
        }
#pragma warning disable CA1031 // The file is hostile and the parser is not ours: any exception means that this file cannot be read.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new ReadResult(ReadStatus.Broken, null, $"The file is not valid {Format} ({Brief(e.Message)}). Open it in its editor and save it again.");
        }

        if (blocks.Count == 0) return new ReadResult(ReadStatus.Empty, null, "There is no text in the file.");
        var document = new Document
        {
            Id = file.DocumentId,
            Path = file.RelativePath,
            Title = blocks.Title ?? blocks.FirstHeading ?? Path.GetFileNameWithoutExtension(file.RelativePath),
            Sha256 = file.Sha256,
            Pages = [new Page { Number = 1, Blocks = blocks.ToArray() }],
        };
        return blocks.Remark is { } remark
            ? new ReadResult(ReadStatus.Partial, document, remark) { Remarks = [new PageRemark(1, remark)] }
            : new ReadResult(ReadStatus.Ok, document);
    }

    /// <summary>A parser's message as part of a sentence: one line, without its full stop.</summary>
    private static string Brief(string message)
    {
        var line = Wording.OneLine(message).TrimEnd('.');
        return line.Length <= 160 ? line : line[..160] + "…";
    }
}

/// <summary>Content that is refused for a known reason: the verdict and the sentence that goes with it.</summary>
internal sealed class RefusedException(ReadStatus status, string message) : Exception(message)
{
    public ReadStatus Status => status;
}

using System.Collections.Concurrent;
using DomainTuning.Ingest.Reading.Pdf;

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>
/// Reads PDFs in child processes that may loop, crash or run out of memory without harm: each such end is the result for that one file,
/// and the next file gets a fresh child. A healthy child is kept for the next file. Thread-safe; more files than
/// <see cref="PdfReadOptions.Processes"/> wait in line.
/// </summary>
public sealed class SandboxedPdfReader : DocumentReader, IAsyncDisposable
{
    private readonly PdfReadOptions _options;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentBag<WorkerProcess> _idle = [];
    private bool _disposed;

    /// <exception cref="ArgumentOutOfRangeException">A limit makes no sense.</exception>
    public SandboxedPdfReader(PdfReadOptions? options = null)
    {
        _options = options ?? new PdfReadOptions();
        _options.Validate();
        _free = new SemaphoreSlim(_options.Processes);
    }

    public override IReadOnlyList<string> Extensions => [".pdf"];

    /// <exception cref="InvalidOperationException">The child cannot be started at all.</exception>
    public override async Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ReadInChildAsync(file, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        while (_idle.TryTake(out var worker)) worker.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ReadResult> ReadInChildAsync(SourceFile file, CancellationToken cancellationToken)
    {
        if (!_idle.TryTake(out var worker)) worker = WorkerProcess.Start(_options);
        var healthy = false;
        var limit = _options.TimeLimitFor(SizeOf(file));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            // The child resolves paths against its own folder.
            var result = await worker.ReadAsync(file with { FullPath = Path.GetFullPath(file.FullPath) }, timeout.Token).ConfigureAwait(false);
            healthy = result.Status != ReadStatus.OutOfMemory; // its heap is torn
            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ReadResult(ReadStatus.TimedOut, null, $"{file.RelativePath} was not read within {limit.TotalSeconds:F0} s. It may be built to loop; if it is just large, raise the time limit.");
        }
        catch (IOException e)
        {
            return Explain(file, e, await worker.LastWords().ConfigureAwait(false));
        }
        finally
        {
            if (healthy && !_disposed) _idle.Add(worker);
            else
            {
                worker.Kill();
                worker.Dispose();
            }
        }
    }

    private ReadResult Explain(SourceFile file, IOException error, string lastWords)
    {
        if (lastWords.Contains("Out of memory", StringComparison.OrdinalIgnoreCase) || lastWords.Contains(nameof(OutOfMemoryException), StringComparison.Ordinal))
            return new ReadResult(ReadStatus.OutOfMemory, null, $"{file.RelativePath} needs more memory than the {_options.HeapLimitBytes >> 20} MiB it may take. Raise the heap limit or split the file.");
        var reason = lastWords.Contains("Stack overflow", StringComparison.OrdinalIgnoreCase) ? "its structure refers to itself without end"
            : lastWords.Length > 0 ? PdfReader.FirstLine(lastWords) : error.Message.TrimEnd('.');
        return new ReadResult(ReadStatus.Broken, null, $"{file.RelativePath} is damaged: the parser crashed on it ({reason}). Repair it (e.g. print it to a new PDF) and run again.");
    }

    private static long SizeOf(SourceFile file)
    {
        try
        {
            return new FileInfo(file.FullPath).Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // the child will say what is wrong with it
        }
    }
}

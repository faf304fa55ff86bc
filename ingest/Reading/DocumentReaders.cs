using DomainTuning.Ingest.Reading.Worker;

namespace DomainTuning.Ingest.Reading;

/// <summary>All readers, found by file extension.</summary>
public sealed class DocumentReaders : IAsyncDisposable
{
    private readonly Dictionary<string, DocumentReader> byExtension = new(StringComparer.OrdinalIgnoreCase);

    public DocumentReaders(IEnumerable<DocumentReader> readers)
    {
        foreach (var reader in readers)
            foreach (var extension in reader.Extensions)
                if (!byExtension.TryAdd(extension, reader))
                    throw new ArgumentException($"Two readers want '{extension}': {byExtension[extension].GetType().Name} and {reader.GetType().Name}.");
    }

    /// <summary>Every format that can be read, under the limits of a run.</summary>
    public static DocumentReaders All(IngestOptions options) =>
        new([
            new MarkdownReader(options.TimeLimit), new HtmlReader(options.TimeLimit), new DocxReader(options.TimeLimit), new PlainTextReader(options.TimeLimit),
            new SandboxedPdfReader(new PdfReadOptions { TimeLimit = options.TimeLimit, HeapLimitBytes = options.HeapLimitBytes }),
        ]);

    public bool CanRead(string path) => byExtension.ContainsKey(Path.GetExtension(path));

    /// <summary>Reads with the reader for the file's extension, or says which formats there are.</summary>
    public Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken) =>
        byExtension.TryGetValue(Path.GetExtension(file.FullPath), out var reader)
            ? reader.ReadAsync(file, cancellationToken)
            : Task.FromResult(new ReadResult(ReadStatus.Unsupported, null, Refusal(file.FullPath)));

    /// <summary>Ends the processes that PDFs are read in.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var reader in byExtension.Values.Distinct())
            if (reader is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }

    /// <summary>Why a file is not read, and what to do.</summary>
    public string Refusal(string path)
    {
        var extension = Path.GetExtension(path);
        var formats = string.Join(' ', byExtension.Keys.Order(StringComparer.Ordinal));
        return (extension.Length == 0 ? "A file without extension is not read" : $"{extension} files are not read")
            + $"; these are: {formats}."
            + extension.ToLowerInvariant() switch
            {
                ".doc" or ".rtf" or ".odt" or ".dotx" or ".docm" => " Save it as .docx.",
                ".ppt" or ".pptx" or ".xls" or ".xlsx" or ".odp" or ".ods" or ".epub" or ".ps" or ".djvu" => " Save or print it as PDF.",
                ".rst" or ".adoc" or ".org" or ".csv" or ".tsv" or ".json" or ".xml" or ".log" => " Rename it to .txt to have it read as plain text.",
                _ => "",
            };
    }
}

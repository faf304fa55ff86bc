using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Ingest.Reading;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Ingest.Tests;

/// <summary>A folder of documents, a workspace with a real SQLite index, and the tiny embedder: everything of a run but PDF and the model.</summary>
internal sealed class TestCorpus : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TestCorpus()
    {
        Directory.CreateDirectory(Documents);
        Options = new IngestOptions { Corpus = "test", Inputs = [Documents], Workspace = new Workspace(folder.Path) };
    }

    public string Root => folder.Path;

    public string Documents => folder["documents"];

    public IngestOptions Options { get; set; }

    public Func<Embedder> Embedder { get; set; } = () => new HashEmbedder();

    public List<DocumentReader> Readers { get; } = [new MarkdownReader(ReadingLimit), new PlainTextReader(ReadingLimit), new HtmlReader(ReadingLimit)];

    public List<IngestProgress> Progress { get; } = [];

    /// <summary>Wraps the index before it is used.</summary>
    public Func<ChunkIndex, ChunkIndex> Index { get; set; } = index => index;

    private static TimeSpan ReadingLimit => TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Write(string path, string text)
    {
        var file = Path.Combine(Documents, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>Some paragraphs that give several batches of chunks.</summary>
    public string WriteLong(string path, string word, int paragraphs = 40) =>
        Write(path, string.Join("\n\n", Enumerable.Range(1, paragraphs).Select(i => $"# Section {i} of {word}\n\n{string.Join(' ', Enumerable.Repeat($"The {word} number {i} turns.", 20))}")));

    public Task<IngestReport> RunAsync() => RunUntilAsync(Cancel);

    public async Task<IngestReport> RunUntilAsync(CancellationToken cancelled)
    {
        await using var parts = await OpenAsync();
        return await new IngestRun(
            Options, parts.Index, parts.Embedder, new DocumentReaders(Readers), new Recorder(Progress), TimeProvider.System).RunAsync(cancelled);
    }

    public async Task<IngestParts> OpenAsync()
    {
        var embedder = Embedder();
        var manifest = new IndexManifest { Corpus = Options.Corpus, Embedder = embedder.Identity, Chunking = new ChunkingOptions { MaxTokens = 120, OverlapTokens = 20, MinTokens = 10 } };
        Directory.CreateDirectory(Options.Workspace.IndexFolder);
        return new IngestParts(Index(await SqliteChunkIndex.OpenForWritingAsync(Options.Workspace.IndexFile(Options.Corpus), manifest, Cancel)), embedder, null);
    }

    /// <summary>What the index holds: each document's path, and each chunk's id and text, in order.</summary>
    public async Task<string[]> ContentAsync()
    {
        await using var parts = await OpenAsync();
        var lines = (await parts.Index.DocumentsAsync(Cancel)).Select(document => $"{document.Path} {document.Chunks} {string.Join(',', document.Tags)}").ToList();
        await foreach (var chunk in parts.Index.ScrollAsync(ChunkFilter.None, Cancel)) lines.Add($"{chunk.Chunk.Id} {chunk.Chunk.Text}");
        return [.. lines];
    }

    public async Task<string[]> PathsAsync()
    {
        await using var parts = await OpenAsync();
        return [.. (await parts.Index.DocumentsAsync(Cancel)).Select(document => document.Path)];
    }

    public static string[] Verdicts(IngestReport report) => [.. report.Files.Select(file => $"{file.Path} {file.Verdict}")];

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Dispose();
    }

    private sealed class Recorder(List<IngestProgress> progress) : IProgress<IngestProgress>
    {
        public void Report(IngestProgress value) => progress.Add(value);
    }
}

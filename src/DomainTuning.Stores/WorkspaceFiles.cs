using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores;

/// <summary>SQLite files: one a corpus in the workspace, or a single named one.</summary>
internal sealed class WorkspaceFiles(Workspace workspace, string? only = null) : IndexPlace
{
    public override string Name(string corpus) => File(corpus);

    public override Task<IReadOnlyList<string>> CorporaAsync(CancellationToken cancellationToken = default)
    {
        var folder = only is null ? workspace.IndexFolder : Path.GetDirectoryName(only)!;
        IReadOnlyList<string> names = !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, only is null ? "*.db" : Path.GetFileName(only)).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];
        return Task.FromResult(names);
    }

    public override Task<IndexManifest?> ReadManifestAsync(string corpus, CancellationToken cancellationToken = default) => SqliteChunkIndex.ReadManifestAsync(File(corpus), cancellationToken);

    public override async Task<ChunkIndex> OpenAsync(string corpus, EmbedderIdentity expected, CancellationToken cancellationToken = default) =>
        await SqliteChunkIndex.OpenAsync(File(corpus), expected, cancellationToken).ConfigureAwait(false);

    public override async Task<ChunkIndex> OpenForWritingAsync(IndexManifest expected, CancellationToken cancellationToken = default)
    {
        var file = File(expected.Corpus);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return await SqliteChunkIndex.OpenForWritingAsync(file, expected, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<ChunkIndex> RebuildAsync(IndexManifest manifest, CancellationToken cancellationToken = default)
    {
        var file = File(manifest.Corpus);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return await SqliteChunkIndex.RebuildAsync(file, manifest, cancellationToken).ConfigureAwait(false);
    }

    public override Task<IReadOnlyList<string>> CheckAsync(string corpus, CancellationToken cancellationToken = default) => SqliteChunkIndex.CheckAsync(File(corpus), cancellationToken);

    public override Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(string corpus, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<(string, string)>>(
        [
            ("store", "one SQLite file"),
            ("file", File(corpus)),
            ("size", string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(File(corpus)).Length / 1e6:0.0} MB")),
        ]);

    public override async Task<IndexCopy> CopyAsync(string corpus, CancellationToken cancellationToken = default)
    {
        var now = TimeProvider.System.GetUtcNow();
        Directory.CreateDirectory(Copies(corpus));
        var copy = Path.Combine(Copies(corpus), now.ToString("yyyy-MM-dd-HH-mm-ss", CultureInfo.InvariantCulture) + ".db");
        await SqliteChunkIndex.CopyAsync(File(corpus), copy, cancellationToken).ConfigureAwait(false);
        return new IndexCopy(Path.GetFileName(copy), now, new FileInfo(copy).Length);
    }

    public override Task<IReadOnlyList<IndexCopy>> CopiesAsync(string corpus, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<IndexCopy> copies = !Directory.Exists(Copies(corpus)) ? []
            : [.. new DirectoryInfo(Copies(corpus)).GetFiles("*.db").OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new IndexCopy(file.Name, file.LastWriteTimeUtc, file.Length))];
        return Task.FromResult(copies);
    }

    public override async Task RestoreAsync(string corpus, string copy, CancellationToken cancellationToken = default)
    {
        var source = Path.Combine(Copies(corpus), Path.GetFileName(copy));
        if (!System.IO.File.Exists(source)) throw new IndexException($"There is no copy '{copy}' of '{corpus}' in {Copies(corpus)}.");
        await SqliteChunkIndex.RestoreAsync(source, File(corpus), cancellationToken).ConfigureAwait(false);
    }

    public override Task NameAsync(string corpus, string name, CancellationToken cancellationToken = default) =>
        throw new IndexException($"A file has one name only. Rename '{File(corpus)}' while nothing writes to it, or use a Qdrant server.");

    private string File(string corpus) => only ?? workspace.IndexFile(corpus);

    private string Copies(string corpus) => Path.Combine(Path.GetDirectoryName(File(corpus))!, "copies", Path.GetFileNameWithoutExtension(File(corpus)));
}

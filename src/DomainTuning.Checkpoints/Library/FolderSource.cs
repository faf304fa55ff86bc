using System.Globalization;

namespace DomainTuning.Checkpoints.Library;

/// <summary>A local folder, or a single file as if it were a folder of one.</summary>
internal sealed class FolderSource(string path) : ModelSource
{
    private readonly string _path = Path.GetFullPath(path);

    /// <summary>A copy is never taken up again, so two processes that copy the same model keep apart.</summary>
    public override string StateTag => string.Create(CultureInfo.InvariantCulture, $"local-{Environment.ProcessId}");

    public override Task<RepositoryListing> ListAsync(CancellationToken cancellationToken) => Task.FromResult(List());

    public RepositoryListing List()
    {
        if (File.Exists(_path))
        {
            var file = new FileInfo(_path);
            return new RepositoryListing($"'{_path}'", Path.GetFileNameWithoutExtension(_path), file.Name, [new OfferedFile(file.Name, file.Length, null)], new Dictionary<string, string>());
        }

        var folder = new DirectoryInfo(_path);
        if (!folder.Exists) throw new CheckpointException($"There is no folder '{_path}'. Name an existing folder or .gguf file.");
        // Two levels hold everything that repositories ship (onnx/, 1_Pooling/); deeper ones are caches and version control.
        var files = folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .Select(file => new OfferedFile(Path.GetRelativePath(_path, file.FullName).Replace('\\', '/'), Length(file), null))
            .Where(file => ModelPaths.IsSafe(file.Path))
            .OrderBy(file => file.Path, StringComparer.Ordinal)
            .ToList();
        var texts = files.Where(RepositoryListing.IsTelling).ToDictionary(file => file.Path, file => File.ReadAllText(Locate(file)));
        return new RepositoryListing($"'{_path}'", folder.Name, folder.Name, files, texts);
    }

    public override async Task<byte[]> PeekAsync(OfferedFile file, int bytes, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(Locate(file));
        var buffer = new byte[Math.Min(bytes, stream.Length)];
        await stream.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    public override async Task FetchAsync(OfferedFile file, string path, Action<long> report, CancellationToken cancellationToken)
    {
        var part = path + ".part";
        await using (var source = File.OpenRead(Locate(file)))
        await using (var target = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            var buffer = new byte[1 << 20];
            for (int read; (read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                report(target.Position);
            }
        }

        File.Move(part, path, overwrite: true);
    }

    /// <summary>Of what a link points to: the Hugging Face cache consists of links.</summary>
    private static long Length(FileInfo file) => file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target ? target.Length : file.Length;

    private string Locate(OfferedFile file) => File.Exists(_path) ? _path : Path.Combine([_path, .. file.Path.Split('/')]);
}

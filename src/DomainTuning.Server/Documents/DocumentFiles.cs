using System.Collections.Concurrent;
using System.Security.Cryptography;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Server.Api;

namespace DomainTuning.Server.Documents;

/// <summary>
/// The files behind a corpus: corpora/NAME/documents, where uploads go too, so that a later <c>domaintuning up</c> finds what was uploaded. A file that was
/// ingested from elsewhere is not found again. What is deleted moves to .domaintuning/removed: a click destroys no document.
/// </summary>
internal sealed class DocumentFiles(Workspace workspace)
{
    private readonly ConcurrentDictionary<(string Path, long Length, DateTime Changed), string> hashes = new();

    /// <summary>Where the document's file is, if it lies with the corpus.</summary>
    public string? Find(string corpus, IndexedDocument document) => PathOf(corpus, document.Path) is { } path && File.Exists(path) ? path : null;

    /// <summary>The file whose bytes were ingested.</summary>
    /// <exception cref="ApiException">It is not here, or has changed since: its pages would not be those that are quoted.</exception>
    public async Task<string> OriginalAsync(string corpus, IndexedDocument document, CancellationToken cancellationToken)
    {
        var path = Find(corpus, document) ?? throw new ApiException(
            404, $"The file of '{document.Path}' is not in corpora/{corpus}/documents: it was ingested from another folder. Put it there, or upload it.", code: "file_not_found");
        var info = new FileInfo(path);
        var key = (path, info.Length, info.LastWriteTimeUtc);
        if (!hashes.TryGetValue(key, out var sha256))
        {
            using var content = File.OpenRead(path);
            hashes[key] = sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
        }

        return sha256 == document.Sha256 ? path : throw new ApiException(409, $"The file of '{document.Path}' has changed since it was ingested. Ingest it again.", code: "file_changed");
    }

    /// <summary>Takes an ingested file into the corpus' folder.</summary>
    public void Keep(string corpus, string path, string from)
    {
        var target = PathOf(corpus, path) ?? throw new ApiException(400, $"'{path}' leads out of the corpus.");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Move(from, target, overwrite: true);
    }

    /// <returns>Where the file went, relative to the workspace; null when there was none.</returns>
    public string? Remove(string corpus, IndexedDocument document)
    {
        if (Find(corpus, document) is not { } file) return null;
        var target = Path.Combine([workspace.StateFolder, "removed", corpus, .. document.Path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Move(file, target, overwrite: true);
        return Path.GetRelativePath(workspace.Root, target).Replace('\\', '/');
    }

    /// <summary>Null for a path that leads elsewhere. Paths come from indexes, which may have been made on another machine.</summary>
    private string? PathOf(string corpus, string path)
    {
        var folder = Path.GetFullPath(Path.Combine(workspace.CorporaFolder, corpus, "documents"));
        var full = Path.GetFullPath(Path.Combine([folder, .. path.Split('/')]));
        return full.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : null;
    }
}

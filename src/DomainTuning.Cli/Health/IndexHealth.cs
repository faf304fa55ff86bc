using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Cli.Health;

/// <summary>The indexes: whether each file is whole, what it holds, and whether the embedder that it was built with is here.</summary>
internal static class IndexHealth
{
    public static async Task<IReadOnlyList<HealthCheck>> LookAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var files = Directory.Exists(workspace.IndexFolder) ? Directory.GetFiles(workspace.IndexFolder, "*.db").Order(StringComparer.Ordinal).ToList() : [];
        if (files.Count == 0) return [HealthCheck.Warning("index", "Nothing is ingested yet. Run `domaintuning ingest <folder>`.")];
        var checks = new List<HealthCheck>();
        foreach (var file in files) checks.Add(await LookAsync(workspace, file, cancellationToken));
        return checks;
    }

    private static async Task<HealthCheck> LookAsync(Workspace workspace, string file, CancellationToken cancellationToken)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        try
        {
            var manifest = await SqliteChunkIndex.ReadManifestAsync(file, cancellationToken)
                ?? throw new IndexException($"'{file}' holds no index. Run `domaintuning ingest <folder> --corpus {name} --rebuild`.");
            new ModelLibrary(workspace.ModelsFolder).Find(manifest.Embedder.Id);
            await using var index = await SqliteChunkIndex.OpenAsync(file, manifest.Embedder, cancellationToken);
            var findings = await SqliteChunkIndex.CheckAsync(file, cancellationToken);
            if (findings.Count > 0) return HealthCheck.Failed("index", $"{name}: {string.Join(' ', findings)}");
            var documents = await index.DocumentsAsync(cancellationToken);
            return HealthCheck.Ok("index", $"{name}: {documents.Count} documents, {documents.Sum(document => document.Chunks)} chunks, {manifest.Embedder}");
        }
        catch (Exception e) when (e is IndexException or CheckpointException)
        {
            return HealthCheck.Failed("index", $"{name}: {e.Message}");
        }
    }
}

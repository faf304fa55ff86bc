using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Stores;

namespace DomainTuning.Cli.Health;

/// <summary>The indexes: whether each is whole, what it holds, and whether the embedder that it was built with is here.</summary>
internal static class IndexHealth
{
    public static async Task<IReadOnlyList<HealthCheck>> LookAsync(Workspace workspace, Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            var indexes = IndexPlace.Of(workspace, settings);
            var corpora = await indexes.CorporaAsync(cancellationToken);
            if (corpora.Count == 0) return [HealthCheck.Warning("index", "Nothing is ingested yet. Run `domaintuning ingest <folder>`.")];
            var checks = new List<HealthCheck>();
            foreach (var corpus in corpora) checks.Add(await LookAsync(workspace, indexes, corpus, cancellationToken));
            return checks;
        }
        catch (IndexException e)
        {
            return [HealthCheck.Failed("index", e.Message)];
        }
    }

    private static async Task<HealthCheck> LookAsync(Workspace workspace, IndexPlace indexes, string name, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = await indexes.ReadManifestAsync(name, cancellationToken)
                ?? throw new IndexException($"'{indexes.Name(name)}' holds no index. Run `domaintuning ingest <folder> --corpus {name} --rebuild`.");
            new ModelLibrary(workspace.ModelsFolder).Find(manifest.Embedder.Id);
            await using var index = await indexes.OpenAsync(name, manifest.Embedder, cancellationToken);
            var findings = await indexes.CheckAsync(name, cancellationToken);
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

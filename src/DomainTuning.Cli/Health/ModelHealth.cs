using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;

namespace DomainTuning.Cli.Health;

/// <summary>The model library: every file against the hash on its card, and whether the models that the settings name are there.</summary>
internal static class ModelHealth
{
    public static async Task<IReadOnlyList<HealthCheck>> LookAsync(Workspace workspace, Settings settings, CancellationToken cancellationToken)
    {
        var library = new ModelLibrary(workspace.ModelsFolder);
        var checks = library.Problems().Select(problem => HealthCheck.Failed("models", problem)).ToList();
        foreach (var card in library.List())
        {
            var findings = await card.VerifyAsync(cancellationToken);
            if (findings.Count == 0) checks.Add(HealthCheck.Ok("models", $"{card.Id}: {card.Kind.ToString().ToLowerInvariant()}, files as on the card"));
            checks.AddRange(findings.Select(finding => HealthCheck.Failed("models", finding)));
        }

        foreach (var id in new[] { settings.ChatModel, settings.Embedder, settings.Reranker }.OfType<string>())
        {
            try
            {
                library.Find(id);
            }
            catch (CheckpointException e)
            {
                checks.Add(HealthCheck.Failed("models", e.Message));
            }
        }

        return checks;
    }
}

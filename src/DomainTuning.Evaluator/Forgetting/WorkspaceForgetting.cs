using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Forgetting;

/// <summary>Measures forgetting for adapters of a workspace, each against its own base.</summary>
public static class WorkspaceForgetting
{
    /// <param name="adapters">Arms that name an adapter; a corpus that they name does not count.</param>
    /// <param name="fresh">Scores anew and keeps nothing.</param>
    /// <returns>One for each adapter, in the order given; <see cref="AdapterForgetting.Adapter"/> is "model:name".</returns>
    public static async Task<IReadOnlyList<AdapterForgetting>> RunAsync(
        ArmCatalog catalog, IReadOnlyList<ArmId> adapters, bool fresh = false, int parallel = 4, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var changes = new List<AdapterForgetting>();
        foreach (var model in adapters.GroupBy(arm => arm.Model, StringComparer.Ordinal))
        {
            var run = new ForgettingRun(await ReaderAsync(catalog, new ArmId(model.Key), cancellationToken).ConfigureAwait(false))
            {
                CacheFolder = fresh ? null : Path.Combine(CorpusEvaluation.Folder(catalog.Workspace), "answers"),
                Parallel = parallel,
            };
            var readers = new List<GeneralReader>();
            foreach (var arm in model) readers.Add(await ReaderAsync(catalog, arm with { Corpus = null }, cancellationToken).ConfigureAwait(false));
            changes.AddRange(await run.RunAsync(readers, progress, cancellationToken).ConfigureAwait(false));
        }

        return changes;
    }

    /// <summary>Where an adapter's record of its training lies; null on another server.</summary>
    public static string? FolderOf(ArmCatalog catalog, ArmId adapter) => ModelIdentity.PlaceOf(catalog, adapter)?.Path;

    private static async Task<GeneralReader> ReaderAsync(ArmCatalog catalog, ArmId arm, CancellationToken cancellationToken)
    {
        var model = await catalog.ChatModelAsync(arm, cancellationToken).ConfigureAwait(false);
        return new GeneralReader(arm.ToString(), ModelIdentity.Of(catalog, arm.Model, ModelIdentity.PlaceOf(catalog, arm), model), model);
    }
}

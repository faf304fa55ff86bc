using System.Security.Cryptography;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Forgetting;

namespace DomainTuning.Evaluator.Runs;

/// <summary>Evaluates a corpus of a workspace by a recipe: questions.jsonl, the searches and arms it names, the guard against leakage, the run.</summary>
public static class CorpusEvaluation
{
    /// <param name="folder">The corpus' folder, with questions.jsonl.</param>
    /// <param name="command">What a user typed; stands in the result.</param>
    /// <param name="fresh">Answers anew and keeps nothing.</param>
    /// <exception cref="EvaluationException">An adapter was trained on the questions.</exception>
    public static async Task<EvaluationResult> RunAsync(
        ArmCatalog catalog, string folder, EvaluationRecipe recipe, string command, bool fresh = false, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        recipe.Validate();
        var file = Path.Combine(folder, QuestionFile.Name);
        var questions = EvaluationRun.Choose(QuestionFile.Read(file), recipe);
        var bench = await ArmBench.OpenAsync(catalog, recipe, cancellationToken).ConfigureAwait(false);
        var arms = await bench.ArmsAsync(cancellationToken).ConfigureAwait(false);
        var adapters = arms.OfType<ModelArm>().Select(arm => arm.Adapter).OfType<ArmAdapter>().DistinctBy(adapter => adapter.Id).ToList();
        var summaries = adapters.Select(adapter => AdapterSummary.Of(adapter.Id.ToString(), LeakageGuard.Check(adapter.Id.ToString(), adapter.Place?.Path, questions))).ToList();
        var forgetting = await WorkspaceForgetting.RunAsync(catalog, [.. adapters.Select(adapter => adapter.Id)], fresh, recipe.Parallel, progress, cancellationToken).ConfigureAwait(false);
        var judge = recipe.Judge is null ? null : new AnswerJudge(recipe.Judge, await catalog.ChatModelAsync(ArmId.Parse(recipe.Judge), cancellationToken).ConfigureAwait(false));
        var run = new EvaluationRun(recipe, bench.Corpus, bench.Searches, arms)
        {
            CacheFolder = fresh ? null : Path.Combine(Folder(catalog.Workspace), "answers"),
            Judge = judge,
            Adapters = [.. summaries.Select(summary => summary with { Forgetting = forgetting.FirstOrDefault(change => change.Adapter == summary.Name) })],
        };
        return await run.RunAsync(questions, await FactsAsync(catalog, bench, recipe.Corpus, file, cancellationToken).ConfigureAwait(false), command, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where answers are kept, and results unless --out says otherwise.</summary>
    public static string Folder(Workspace workspace) => Path.Combine(workspace.StateFolder, "evaluations");

    private static async Task<CorpusFacts> FactsAsync(ArmCatalog catalog, ArmBench bench, string name, string questions, CancellationToken cancellationToken)
    {
        var corpus = await catalog.CorpusAsync(name, cancellationToken).ConfigureAwait(false);
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(questions, cancellationToken).ConfigureAwait(false)));
        return new CorpusFacts(
            name, bench.Corpus.Identity, corpus.Embedder.Identity.ToString(), bench.Corpus.Chunks.Count,
            bench.Corpus.Documents.ToDictionary(document => document.Path, document => document.Sha256, StringComparer.Ordinal), hash);
    }
}

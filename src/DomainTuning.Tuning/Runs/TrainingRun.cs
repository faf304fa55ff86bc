using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;
using DomainTuning.Training;
using DomainTuning.Tuning.Formats;

namespace DomainTuning.Tuning.Runs;

/// <summary>
/// From a recipe to a served adapter: a run's folder is prepared, the trainer works on it as a process of its own, the engine that will serve the adapter is
/// asked for the same logits, and only then the adapter goes where servers look for it.
/// </summary>
/// <param name="trainer">See <see cref="TrainerProgram.Find"/>.</param>
public sealed class TrainingRun(Workspace workspace, Settings settings, TrainerProgram trainer, TimeProvider clock)
{
    /// <summary>Largest difference of a logit that is no mistake. Default 0.02: both compute in float32, where 1e-3 is rounding; a wrong scaling, mask or template is above 0.1.</summary>
    public const double ParityTolerance = 0.02;

    /// <summary>The recipe with everything that it leaves open.</summary>
    public TrainingRecipe Resolve(TrainingRecipe recipe)
    {
        recipe.Validate();
        return recipe with { BaseModel = recipe.BaseModel ?? settings.ChatModel };
    }

    /// <summary>Makes the run's folder: resolved recipe, job, examples. The job comes last; a folder without one is no run.</summary>
    /// <exception cref="ArgumentException">The recipe cannot be followed, or its name is taken.</exception>
    /// <exception cref="Checkpoints.CheckpointException">There is no such base model, or it cannot be read.</exception>
    public async Task<TrainingFolder> PrepareAsync(TrainingRequest request, CancellationToken cancellationToken = default)
    {
        var recipe = Resolve(request.Recipe);
        var folder = new TrainingFolder(NewFolder(recipe.Name));
        var job = Job(request, recipe, cancellationToken);
        Directory.CreateDirectory(folder.Path);
        try
        {
            TrainingJson.WriteRecipe(folder.Recipe, recipe);
            await request.Examples(folder, recipe, cancellationToken).ConfigureAwait(false);
            await WriteGeneralTextAsync(folder, cancellationToken).ConfigureAwait(false);
            TrainingJson.WriteJob(folder.Job, job);
            return folder;
        }
        catch
        {
            Directory.Delete(folder.Path, recursive: true);
            throw;
        }
    }

    /// <summary>Trains, checks and publishes.</summary>
    /// <param name="resume">Go on with a run that was stopped or killed.</param>
    /// <exception cref="TrainingRunException">The trainer cannot be started.</exception>
    public async Task<TrainingResult> RunAsync(
        TrainingFolder folder, bool resume, IProgress<TrainingProgress> progress, IProgress<ConversionProgress>? conversion = null, CancellationToken cancellationToken = default)
    {
        var (recipe, job) = (TrainingJson.ReadRecipe(folder.Recipe), TrainingJson.ReadJob(folder.Job));
        var end = await TrainerProcess.RunAsync(trainer, folder, resume, progress, cancellationToken).ConfigureAwait(false);
        var result = new TrainingResult { Folder = folder, Last = end.Last, Problem = end.Problem };
        if (end.Problem is not null) return result;

        var parity = await Task.Run(
            () => ServedLogits.Compare(job.Checkpoint, workspace.ModelCacheFolder, folder.Adapter, folder.Parity, settings.Threads, conversion, cancellationToken), cancellationToken).ConfigureAwait(false);
        result = result with { Parity = parity };
        if (!(parity.LargestDifference <= ParityTolerance)) return result with { Problem = Differs(parity, folder) };

        (AdapterCard.Read(folder.Adapter)! with { ParityDifference = parity.LargestDifference, Asking = Asking(folder, recipe) }).Write(folder.Adapter);
        AdapterPublication.Publish(folder.Adapter, job.PublishTo, Path.Combine(folder.Path, "replaced"));
        return result with { Model = $"{job.BaseModel}:{recipe.Name}", Adapter = job.PublishTo };
    }

    /// <summary>An adapter whose examples were mostly written with the prompt for short answers is asked with it.</summary>
    private static AdapterAsking? Asking(TrainingFolder folder, TrainingRecipe recipe)
    {
        var (own, all) = (0, 0);
        foreach (var example in ExampleFile.Read(folder.Train))
        {
            all++;
            if (example.Messages is [{ Role: "system" } system, ..] && ShortAnswerPrompt.IsInstruction(system.Content)) own++;
        }

        return 2 * own > all ? new AdapterAsking(ShortAnswerPrompt.Fingerprint, recipe.Examples.Passages) : null;
    }

    private TrainingJob Job(TrainingRequest request, TrainingRecipe recipe, CancellationToken cancellationToken)
    {
        var card = new ModelLibrary(workspace.ModelsFolder).Find(recipe.BaseModel!);
        if (card.Kind != ModelKind.Chat || card.Endpoint is not null)
            throw new ArgumentException($"The base model '{card.Id}' {(card.Endpoint is null ? "is no chat model" : "runs on another server")}; a chat model that runs here is needed. See `domaintuning models list`.");
        var target = Path.GetFullPath(request.IntoCorpus is { } corpus ? Path.Combine(corpus, "adapters", recipe.Name) : Path.Combine(workspace.AdaptersFolder(card.Id), recipe.Name));
        AdapterPublication.CheckName(new AdapterFolders(card.Id, workspace.AdaptersFolder(card.Id), workspace.CorporaFolder), recipe.Name, target);
        using var checkpoint = DecoderCheckpoint.Open(card.Folder);
        var chat = checkpoint.Gguf is { } gguf ? ChatConventions.FromGguf(gguf) : ChatConventions.FromFolder(checkpoint.Path);
        return new TrainingJob
        {
            Checkpoint = Path.GetFullPath(card.Folder),
            BaseModel = card.Id,
            Corpus = request.Corpus,
            PublishTo = target,
            BaseSha256 = new ChatModelCache(workspace.ModelCacheFolder).Sha256(checkpoint, cancellationToken),
            TemplateSha256 = chat.Template.Sha256,
            TokenizerSha256 = chat.Tokenizer.Fingerprint(),
            Threads = settings.Threads,
        };
    }

    private string NewFolder(string name)
    {
        var stamp = clock.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (var number = 1; ; number++)
            if (Path.Combine(workspace.RunsFolder, number == 1 ? $"{name}-{stamp}" : string.Create(CultureInfo.InvariantCulture, $"{name}-{stamp}-{number}")) is var path && !Directory.Exists(path))
                return path;
    }

    private static async Task WriteGeneralTextAsync(TrainingFolder folder, CancellationToken cancellationToken)
    {
        var text = typeof(TrainingRun).Assembly.GetManifestResourceStream("DomainTuning.Tuning.general.txt") ?? throw new InvalidOperationException("general.txt is not embedded in DomainTuning.Tuning.");
        await using (text.ConfigureAwait(false))
        {
            var file = File.Create(folder.GeneralText);
            await using (file.ConfigureAwait(false)) await text.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Differs(AdapterParity parity, TrainingFolder folder) => string.Create(
        CultureInfo.InvariantCulture,
        $"The served model is not the trained one: over {parity.Prompts} prompts their logits differ by up to {parity.LargestDifference:g3}, {ParityTolerance} is allowed. The adapter is not published; it stays in '{folder.Adapter}'. Please report this with the run's folder.");
}

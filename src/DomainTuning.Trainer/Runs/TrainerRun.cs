using DomainTuning.Trainer.Data;
using DomainTuning.Trainer.Training;
using System.Globalization;
using System.Security.Cryptography;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Runs;

/// <summary>Loads the base model with a new adapter.</summary>
/// <param name="precision">"float32" or "bfloat16" base weights.</param>
internal delegate Learner LearnerSource(DecoderCheckpoint checkpoint, TrainingRecipe recipe, string precision, int threads);

/// <summary>
/// A training from its folder to its adapter: examples are encoded and packed, the base is checked, the steps are done, and the best weights become a
/// PEFT folder with a card and the logits that the served model must give.
/// </summary>
/// <param name="precision">What a recipe's "auto" means on this machine.</param>
internal sealed class TrainerRun(TrainingFolder folder, LearnerSource load, Func<string, string> precision, ProgressLog log, TimeProvider clock)
{
    /// <summary>Fewer examples teach nothing but themselves. A training that helps takes hundreds (FACTS 12: 840).</summary>
    public const int LeastExamples = 16;

    /// <summary>Fewer held-out examples say nothing about others.</summary>
    public const int LeastValidation = 4;

    /// <param name="resume">Go on from what was saved, if anything was.</param>
    /// <exception cref="TrainingException">It cannot begin, or ended before its time; the message says what to do.</exception>
    /// <exception cref="OperationCanceledException">It was stopped and is saved.</exception>
    public void Run(bool resume, CancellationToken cancellationToken)
    {
        var (recipe, job) = (TrainingJson.ReadRecipe(folder.Recipe), TrainingJson.ReadJob(folder.Job));
        recipe.Validate();
        var states = new SavedStates(folder.Path);
        var from = Earlier(states, resume);

        using var checkpoint = OpenBase(job);
        var chat = ExampleEncoding.Conventions(checkpoint);
        CheckBase(job, checkpoint, chat, cancellationToken);
        var encoding = new ExampleEncoding(chat, checkpoint.Shape.ContextTokens);
        var train = Encode(encoding, folder.Train, recipe, LeastExamples, "training", cancellationToken);
        var validation = UpTo(recipe.Schedule.ValidationTokens, Encode(encoding, folder.Validation, recipe, LeastValidation, "validation", cancellationToken));
        var data = Data(train, validation, recipe, chat);
        var identity = Identity(job);
        if (from is not null && from.State.Identity != identity)
            throw new TrainingException($"The run '{folder.Name}' cannot go on: its recipe, its examples or its base model are other ones than when it was saved. Put them back, or begin a new run.");

        var used = precision(recipe.Schedule.Precision);
        var learner = load(checkpoint, recipe, used, job.Threads);
        try
        {
            Started(train, validation, data, used);
            var loop = new TrainingLoop(learner, data, recipe, states, log.Report, clock);
            var outcome = loop.Run(identity, from, cancellationToken);
            if (outcome.State.BestStep is not null) Keep(checkpoint, ref learner, loop, outcome.State, data, validation, recipe, job, used, cancellationToken);
            if (outcome.Problem is { } problem)
                throw new TrainingException(outcome.State.BestStep is null ? problem : $"{problem} They are kept in '{folder.Adapter}'.");
            Finished(outcome.State, data);
        }
        finally
        {
            learner.Dispose();
        }
    }

    private Checkpoint? Earlier(SavedStates states, bool resume) => (resume, states.Newest()) switch
    {
        (true, var newest) => newest, // none: it ended before its first save, and begins
        (false, null) => null,
        _ => throw new ArgumentException($"The run '{folder.Name}' was begun before. Pass --resume to go on with it, or begin a new run."),
    };

    private static DecoderCheckpoint OpenBase(TrainingJob job)
    {
        try
        {
            return DecoderCheckpoint.Open(job.Checkpoint);
        }
        catch (FileNotFoundException error)
        {
            throw new TrainingException($"The base model is gone: {error.Message}", error);
        }
    }

    private void CheckBase(TrainingJob job, DecoderCheckpoint checkpoint, ChatConventions chat, CancellationToken cancellationToken)
    {
        var hashes = new RememberedHashes(Path.Combine(folder.Path, "hashes.json"));
        (string What, string Expected, string Found)[] all =
        [
            ("checkpoint", job.BaseSha256, hashes.Sha256(checkpoint.Files, cancellationToken)),
            ("chat template", job.TemplateSha256, chat.Template.Sha256),
            ("tokenizer", job.TokenizerSha256, chat.Tokenizer.Fingerprint()),
        ];
        foreach (var (what, expected, found) in all)
            if (expected != found)
                throw new TrainingException($"'{checkpoint.Path}' is not the base model of this run: its {what} is {Short(found)}, expected is {Short(expected)}. Put the model back that the run began with, or begin a new run.");
    }

    private static string Short(string sha256) => sha256.Length > 12 ? sha256[..12] + "…" : sha256;

    private static (IReadOnlyList<EncodedExample> Examples, int Dropped) Encode(ExampleEncoding encoding, string file, TrainingRecipe recipe, int least, string what, CancellationToken cancellationToken)
    {
        var encoded = encoding.Encode(TrainingJson.ReadExamples(file), recipe.Schedule, out var dropped, cancellationToken);
        if (encoded.Count >= least) return (encoded, dropped);
        var left = dropped == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({dropped} more are longer than schedule.max_tokens)");
        throw new TrainingException(string.Create(
            CultureInfo.InvariantCulture,
            $"There are {encoded.Count} {what} examples{left}; at least {least} are needed, and some hundreds to teach anything. Add questions to the corpus, let the recipe make more (examples.structure, examples.files, examples.chat_model){(what == "validation" ? ", or raise examples.validation" : "")}."));
    }

    /// <summary>The first examples, as many as may be measured; they were shuffled when they were made.</summary>
    private static (IReadOnlyList<EncodedExample> Examples, int Dropped) UpTo(int tokens, (IReadOnlyList<EncodedExample> Examples, int Dropped) all)
    {
        var sum = 0;
        return ([.. all.Examples.TakeWhile((example, i) => (sum += example.Ids.Count) <= tokens || i < LeastValidation)], all.Dropped);
    }

    private TrainingData Data((IReadOnlyList<EncodedExample> Examples, int Dropped) train, (IReadOnlyList<EncodedExample> Examples, int Dropped) validation, TrainingRecipe recipe, ChatConventions chat)
    {
        List<PackedBatch> Batches(IEnumerable<int[]> rows, IReadOnlyList<EncodedExample> examples) => [.. rows.Select(row => RowPacking.Batch(row.Select(index => examples[index])))];
        return new TrainingData(
            [.. TrainingPlan.Make(train.Examples, recipe).Steps.Select(rows => Batches(rows, train.Examples))],
            Batches(RowPacking.Pack([.. Enumerable.Range(0, validation.Examples.Count)], validation.Examples), validation.Examples),
            GeneralText.Read(folder.GeneralText, chat.Tokenizer));
    }

    private string Identity(TrainingJob job)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in new[] { folder.Recipe, folder.Train, folder.Validation }) hash.AppendData(File.ReadAllBytes(file));
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(job.BaseSha256 + job.TemplateSha256 + job.TokenizerSha256));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The adapter with what measures it, and the logits that it must give when it is served.</summary>
    private void Keep(
        DecoderCheckpoint checkpoint, ref Learner learner, TrainingLoop loop, TrainingState state, TrainingData data, (IReadOnlyList<EncodedExample> Examples, int Dropped) validation,
        TrainingRecipe recipe, TrainingJob job, string used, CancellationToken cancellationToken)
    {
        double? general = data.General.Count == 0 ? null : loop.Perplexity(data.General, cancellationToken);
        log.Report(new TrainingProgress { Event = TrainingEvent.Validated, At = clock.GetUtcNow(), Step = state.Step, Steps = data.Steps.Count, BestStep = state.BestStep, GeneralPerplexity = general });
        AdapterFolder.Write(folder, learner, new AdapterCard
        {
            BaseModel = job.BaseModel,
            BaseSha256 = job.BaseSha256,
            TemplateSha256 = job.TemplateSha256,
            TokenizerSha256 = job.TokenizerSha256,
            Method = recipe.Method.Dora ? "dora" : recipe.Method.RankStabilised ? "rslora" : "lora",
            Rank = recipe.Method.Rank,
            Alpha = recipe.Method.Alpha,
            Targets = recipe.Method.Targets,
            LossMask = ExampleEncoding.LossMask,
            Corpus = job.Corpus,
            DataSha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.Train))),
            BestStep = state.BestStep,
            Steps = state.Step,
            Seed = recipe.Seed,
            TokensSeen = state.TokensSeen,
            Minutes = Math.Round(state.Seconds / 60, 2),
            Precision = used,
            PerplexityBefore = state.PerplexityBefore,
            PerplexityAfter = state.BestPerplexity,
            GeneralPerplexityBefore = state.GeneralBefore,
            GeneralPerplexityAfter = general,
            Curve = Curves.Points(folder.History()),
        });

        if (used != "float32")
        {
            // Serving is compared in float32, so that what differs is a mistake and no rounding.
            var weights = learner.Weights();
            learner.Dispose();
            learner = load(checkpoint, recipe, "float32", job.Threads);
            learner.SetWeights(weights);
        }

        ParityFile.Write(folder.Parity, learner, ParityFile.Choose(validation.Examples));
    }

    private void Started((IReadOnlyList<EncodedExample> Examples, int Dropped) train, (IReadOnlyList<EncodedExample> Examples, int Dropped) validation, TrainingData data, string used)
    {
        static string Describe((IReadOnlyList<EncodedExample> Examples, int Dropped) set) => string.Create(
            CultureInfo.InvariantCulture,
            $"{set.Examples.Count} examples of {set.Examples.Average(example => example.Ids.Count):0} tokens, {set.Examples.Average(example => example.LabelTokens):0} of them learnt{(set.Dropped == 0 ? "" : $", {set.Dropped} longer ones left out")}");
        log.Report(new TrainingProgress
        {
            Event = TrainingEvent.Started, At = clock.GetUtcNow(), Steps = data.Steps.Count, Message = $"{Describe(train)}; held out are {Describe(validation)}; base weights in {used}",
        });
    }

    private void Finished(TrainingState state, TrainingData data)
    {
        var worse = state.BestPerplexity >= state.PerplexityBefore ? " The adapter is no better than the base on held-out answers: more or other examples are needed." : "";
        log.Report(new TrainingProgress
        {
            Event = TrainingEvent.Finished, At = clock.GetUtcNow(), Step = state.Step, Steps = data.Steps.Count, TokensSeen = state.TokensSeen, Seconds = Math.Round(state.Seconds, 3), BestStep = state.BestStep, Perplexity = state.BestPerplexity,
            Message = string.Create(CultureInfo.InvariantCulture, $"perplexity of held-out answers {state.PerplexityBefore:0.000} → {state.BestPerplexity:0.000} (step {state.BestStep}).{worse}"),
        });
    }
}

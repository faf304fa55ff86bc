using System.Globalization;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Trainer.Runs;
using DomainTuning.Trainer.Training;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Tests.Runs;

/// <summary>A run's folder over the tiny llama: two dozen questions about bolts.</summary>
internal sealed class TinyRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TinyRun(TrainingRecipe? recipe = null, int examples = 24, int validation = 5)
    {
        Folder = new TrainingFolder(folder.Path);
        TrainingJson.WriteRecipe(Folder.Recipe, recipe ?? Recipe());
        TrainingJson.WriteExamples(Folder.Train, Enumerable.Range(0, examples).Select(Example));
        TrainingJson.WriteExamples(Folder.Validation, Enumerable.Range(100, validation).Select(Example));
        File.WriteAllText(Folder.GeneralText, "The kettle had been on the stove for a quarter of an hour before anyone noticed that the gas was off.");
        WriteJob(job => job);
    }

    public TrainingFolder Folder { get; }

    public string AdapterTensors => Path.Combine(Folder.Adapter, "adapter_model.safetensors");

    public static TrainingRecipe Recipe(int steps = 6) => new()
    {
        Name = "bolts",
        BaseModel = "tiny",
        Method = new() { Rank = 4, Alpha = 8, Dropout = 0.1, Targets = ["q_proj", "v_proj", "down_proj"] },
        Optimiser = new() { LearningRate = 5e-3, WarmUp = 0.2 },
        Schedule = new() { MaxSteps = steps, TokensAStep = 600, ValidateEvery = 2, SaveEvery = 1, Patience = 0, Precision = "float32" },
    };

    public void WriteJob(Func<TrainingJob, TrainingJob> change)
    {
        using var checkpoint = DecoderCheckpoint.Open(Fixtures.Path("models", "tiny-llama"));
        var chat = ChatConventions.FromFolder(checkpoint.Path);
        TrainingJson.WriteJob(Folder.Job, change(new TrainingJob
        {
            Checkpoint = checkpoint.Path,
            BaseModel = "tiny",
            Corpus = "bolts",
            PublishTo = folder["published"],
            BaseSha256 = new RememberedHashes(folder["known.json"]).Sha256(checkpoint.Files, CancellationToken.None),
            TemplateSha256 = chat.Template.Sha256,
            TokenizerSha256 = chat.Tokenizer.Fingerprint(),
            Threads = 1,
        }));
    }

    /// <summary>Trains in this process.</summary>
    /// <param name="stopAfter">Asks the training to stop when it tells of this step.</param>
    public void Train(bool resume = false, int? stopAfter = null, LearnerSource? load = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new Listener(progress =>
        {
            if (progress.Event == TrainingEvent.Step && progress.Step == stopAfter) stop.Cancel();
        });
        using var log = new ProgressLog(Folder, output);
        new TrainerRun(Folder, load ?? TorchLearner.Load, TorchLearner.Precision, log, TimeProvider.System).Run(resume, stop.Token);
    }

    public void Dispose() => folder.Dispose();

    private static TrainingExample Example(int number) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"bolt-{number}"),
        Kind = "hand",
        Messages = [new("user", string.Create(CultureInfo.InvariantCulture, $"Bolt B-{number} takes {number * 37 % 91} Nm. What is the torque of B-{number}?")), new("assistant", string.Create(CultureInfo.InvariantCulture, $"{number * 37 % 91} Nm"))],
    };

    private sealed class Listener(Action<TrainingProgress> told) : StringWriter
    {
        public override void WriteLine(string? value) => told(TrainingJson.TryReadProgress(value!)!);
    }
}

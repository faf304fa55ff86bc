using System.Globalization;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Corpora;
using DomainTuning.Training;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Tuning.Tests.Runs;

/// <summary>
/// A workspace with the tiny llama, and a trainer that gives what was recorded: an adapter that changes nothing, and the logits that the reference library
/// computed for the base. So what follows a training is tested without half a gigabyte of natives.
/// </summary>
internal sealed class RecordedTrainer : IDisposable
{
    private const string Module = "model.layers.0.self_attn.q_proj";

    private readonly TemporaryFolder folder = new();

    public RecordedTrainer()
    {
        var model = Directory.CreateDirectory(Path.Combine(Workspace.ModelsFolder, "tiny-llama")).FullName;
        foreach (var file in Directory.GetFiles(Fixtures.Path("models", "tiny-llama"))) File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        File.Delete(Path.Combine(model, "golden.json"));
        File.Delete(Path.Combine(model, "tokenizer-golden.json"));
        foreach (var name in new[] { "train", "validation" })
            TrainingJson.WriteExamples(Path.Combine(Examples, name + ".jsonl"), Enumerable.Range(0, 20).Select(i => new TrainingExample
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"), Kind = "hand", Messages = [new("user", "How much?"), new("assistant", "7 Nm")],
            }));
    }

    public Workspace Workspace => new(folder.Path);

    public string Examples => Directory.CreateDirectory(folder["examples"]).FullName;

    public List<TrainingProgress> Told { get; } = [];

    public TrainingRequest Request => new() { Recipe = new TrainingRecipe { Name = "bolts", BaseModel = "tiny-llama" }, Corpus = "bolts", Examples = ExampleFolder.Source(Examples) };

    /// <param name="fault">Added to one recorded logit.</param>
    /// <param name="ends">What the trainer says and does at the end.</param>
    public TrainingRun Run(float fault = 0, string ends = "echo '{\"event\":\"finished\",\"at\":\"2026-11-01T00:00:00+00:00\",\"step\":2,\"steps\":2}'")
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Needs a shell script in the trainer's place.");
        var recorded = Record(fault);
        var script = folder["trainer.sh"];
        File.WriteAllText(script, $"""
            #!/bin/sh
            cp -r '{recorded}/.' "$1"
            echo 'libtorch says something that is no progress'
            echo '{TrainingJson.Write(new TrainingProgress { Event = TrainingEvent.Step, At = default, Step = 1, Steps = 2, Loss = 1.5 })}'
            {ends}
            """.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new TrainingRun(Workspace, new Settings { ChatModel = "tiny-llama", Threads = 1 }, new TrainerProgram(script), TimeProvider.System);
    }

    public Task<TrainingFolder> PrepareAsync(TrainingRun run) => run.PrepareAsync(Request, TestContext.Current.CancellationToken);

    public Task<TrainingResult> TrainAsync(TrainingRun run, TrainingFolder prepared, CancellationToken cancellationToken) => run.RunAsync(prepared, resume: false, new Listener(Told), cancellationToken: cancellationToken);

    public void Dispose() => folder.Dispose();

    private string Record(float fault)
    {
        var recorded = Directory.CreateDirectory(folder["recorded"]).FullName;
        var adapter = Directory.CreateDirectory(Path.Combine(recorded, "adapter")).FullName;
        using (var writer = new SafetensorsWriter(Path.Combine(adapter, "adapter_model.safetensors"), [($"base_model.model.{Module}.lora_A.weight", [1, 64]), ($"base_model.model.{Module}.lora_B.weight", [64, 1])]))
        {
            writer.Append(Enumerable.Repeat(0.5f, 64).ToArray());
            writer.Append(new float[64]);
            writer.Complete();
        }

        File.WriteAllText(Path.Combine(adapter, PeftConfig.FileName), $$"""{"peft_type":"LORA","r":1,"lora_alpha":1,"target_modules":["{{Module}}"]}""");
        using var file = Checkpoints.Decoders.DecoderCheckpoint.Open(Path.Combine(Workspace.ModelsFolder, "tiny-llama"));
        var chat = Checkpoints.Chats.ChatConventions.FromFolder(file.Path);
        new AdapterCard
        {
            BaseModel = "tiny-llama", Method = "lora", TemplateSha256 = chat.Template.Sha256, TokenizerSha256 = chat.Tokenizer.Fingerprint(),
            BaseSha256 = new Onnx.Graphs.ChatModelCache(Workspace.ModelCacheFolder).Sha256(file, TestContext.Current.CancellationToken),
        }.Write(adapter);

        using var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("models", "tiny-llama", "golden.json")));
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray()
            .Select(prompt => (Ids: prompt.GetProperty("ids").Deserialize<float[]>()!, Logits: prompt.GetProperty("last_logits").Deserialize<float[]>()!)).ToList();
        prompts[0].Logits[3] += fault;
        using var parity = new SafetensorsWriter(
            Path.Combine(recorded, "parity.safetensors"), [.. prompts.SelectMany((prompt, i) => new[] { ($"prompt.{i}.ids", new long[] { prompt.Ids.Length }), ($"prompt.{i}.logits", [prompt.Logits.Length]) })]);
        foreach (var (ids, logits) in prompts)
        {
            parity.Append(ids);
            parity.Append(logits);
        }

        parity.Complete();
        return recorded;
    }

    private sealed class Listener(List<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told.Add(value);
    }
}

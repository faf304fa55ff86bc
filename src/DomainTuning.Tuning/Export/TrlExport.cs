using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Tuning.Export;

/// <summary>
/// A folder that `trl sft --config config.yaml`, run in it, takes as it is: prompt and completion as conversations, so that loss falls on the answer alone, and
/// the configuration. Formats: docs/source/dataset_formats.md, SFTConfig and ModelConfig of huggingface/trl.
/// </summary>
internal static class TrlExport
{
    /// <summary>A folder of its own: datasets takes every file beside as data.</summary>
    private const string DataFolder = "data";

    private static readonly JsonSerializerOptions Line = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(ExampleSet set, TrainingRecipe recipe, string folder, CancellationToken cancellationToken)
    {
        ExportLimits.Check(recipe, TrainerExport.Trl);
        await set.WriteAsync(folder, cancellationToken).ConfigureAwait(false);
        var data = Directory.CreateDirectory(Path.Combine(folder, DataFolder)).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, ExampleSet.TrainFile), Rows(set.Train), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(data, ExampleSet.ValidationFile), Rows(set.Validation), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.yaml"), Configuration(set, recipe), cancellationToken).ConfigureAwait(false);
    }

    private static string Configuration(ExampleSet set, TrainingRecipe recipe)
    {
        var (method, optimiser, schedule) = (recipe.Method, recipe.Optimiser, recipe.Schedule);
        var batch = ExportBatch.Of(schedule);
        return new Yaml()
            .Comment("trl sft --config config.yaml, run in this folder; then domaintuning adapters import output")
            .Comment("The base model must be the one that is served: its unquantised checkpoint, whose chat template trl takes from it.")
            .Add("model_name_or_path", ExportBatch.Checkpoint(recipe)).Add("dataset_name", DataFolder).Add("dataset_train_split", "train").Add("dataset_test_split", "validation")
            .Add("use_peft", true).Add("lora_r", method.Rank).Add("lora_alpha", (int)method.Alpha).Add("lora_dropout", method.Dropout).Add("lora_target_modules", method.Targets).Add("lora_task_type", "CAUSAL_LM").Add("use_rslora", method.RankStabilised).Add("use_dora", method.Dora)
            .Add("completion_only_loss", true).Add("max_length", schedule.MaxTokens).Add("packing", false)
            .Add("output_dir", "output").Add("logging_steps", 10).Add("save_steps", schedule.SaveEvery).Add("report_to", "none")
            .Add("per_device_train_batch_size", batch.Size).Add("gradient_accumulation_steps", batch.Steps)
            .Add("learning_rate", optimiser.LearningRate).Add("lr_scheduler_type", ExportBatch.Decay(optimiser)).Add("warmup_steps", batch.WarmUp(set.Train.Count, recipe)).Add("weight_decay", optimiser.WeightDecay)
            .Add("adam_beta1", optimiser.Beta1).Add("adam_beta2", optimiser.Beta2).Add("adam_epsilon", optimiser.Epsilon).Add("max_grad_norm", optimiser.ClipNorm)
            .Add("num_train_epochs", schedule.Epochs).Add("max_steps", schedule.MaxSteps).Add("seed", recipe.Seed).Add("bf16", schedule.Precision != "float32").Add("gradient_checkpointing", schedule.GradientCheckpointing)
            .Add("eval_strategy", "steps").Add("eval_steps", schedule.ValidateEvery).Add("load_best_model_at_end", schedule.ValidateEvery == schedule.SaveEvery)
            .ToString();
    }

    private static string Rows(IReadOnlyList<TrainingExample> examples) =>
        string.Concat(examples.Select(example => JsonSerializer.Serialize(new Row([.. example.Messages.SkipLast(1).Select(Turn.Of)], [Turn.Of(example.Messages[^1])]), Line) + "\n"));

    private sealed record Row([property: JsonPropertyName("prompt")] IReadOnlyList<Turn> Prompt, [property: JsonPropertyName("completion")] IReadOnlyList<Turn> Completion);

    private sealed record Turn([property: JsonPropertyName("role")] string Role, [property: JsonPropertyName("content")] string Content)
    {
        public static Turn Of(ExampleMessage message) => new(message.Role, message.Content);
    }
}

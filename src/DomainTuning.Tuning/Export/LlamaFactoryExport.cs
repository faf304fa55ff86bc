using System.Text.Json.Serialization;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Tuning.Export;

/// <summary>
/// A folder that `llamafactory-cli train config.yaml`, run in it, takes as it is: data in the OpenAI form, dataset_info.json that describes it, the
/// configuration. Formats: data/README.md and examples/train_lora of hiyouga/LLaMA-Factory.
/// </summary>
internal static class LlamaFactoryExport
{
    private const string TrainName = "domaintuning_train";
    private const string ValidationName = "domaintuning_validation";

    public static async Task WriteAsync(ExampleSet set, TrainingRecipe recipe, string folder, CancellationToken cancellationToken)
    {
        ExportLimits.Check(recipe, TrainerExport.LlamaFactory);
        await set.WriteAsync(folder, cancellationToken).ConfigureAwait(false);
        var info = new Dictionary<string, Dataset>(StringComparer.Ordinal) { [TrainName] = new Dataset("train.openai.json"), [ValidationName] = new Dataset("validation.openai.json") };
        await File.WriteAllTextAsync(Path.Combine(folder, "dataset_info.json"), ExampleJson.Write(info), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, info[TrainName].FileName), ExampleJson.Write(Rows(set.Train)), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, info[ValidationName].FileName), ExampleJson.Write(Rows(set.Validation)), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.yaml"), Configuration(set, recipe), cancellationToken).ConfigureAwait(false);
    }

    private static string Configuration(ExampleSet set, TrainingRecipe recipe)
    {
        var (method, optimiser, schedule) = (recipe.Method, recipe.Optimiser, recipe.Schedule);
        var batch = ExportBatch.Of(schedule);
        return new Yaml()
            .Comment("llamafactory-cli train config.yaml, run in this folder; then domaintuning adapters import output")
            .Comment("The base model must be the one that is served: its unquantised checkpoint, and the template that it is served with.")
            .Add("model_name_or_path", ExportBatch.Checkpoint(recipe)).Add("template", ExportBatch.Template(recipe))
            .Add("stage", "sft").Add("do_train", true).Add("finetuning_type", "lora")
            .Add("lora_rank", method.Rank).Add("lora_alpha", (int)method.Alpha).Add("lora_dropout", method.Dropout).Add("lora_target", string.Join(',', method.Targets)).Add("use_rslora", method.RankStabilised).Add("use_dora", method.Dora)
            .Add("dataset_dir", ".").Add("dataset", TrainName).Add("eval_dataset", ValidationName).Add("cutoff_len", schedule.MaxTokens).Add("train_on_prompt", false).Add("mask_history", true)
            .Add("output_dir", "output").Add("logging_steps", 10).Add("save_steps", schedule.SaveEvery).Add("overwrite_output_dir", true).Add("report_to", "none")
            .Add("per_device_train_batch_size", batch.Size).Add("gradient_accumulation_steps", batch.Steps)
            .Add("learning_rate", optimiser.LearningRate).Add("lr_scheduler_type", ExportBatch.Decay(optimiser)).Add("warmup_steps", batch.WarmUp(set.Train.Count, recipe)).Add("weight_decay", optimiser.WeightDecay)
            .Add("adam_beta1", optimiser.Beta1).Add("adam_beta2", optimiser.Beta2).Add("adam_epsilon", optimiser.Epsilon).Add("max_grad_norm", optimiser.ClipNorm)
            .Add("num_train_epochs", schedule.Epochs).Add("max_steps", schedule.MaxSteps).Add("seed", recipe.Seed).Add("bf16", schedule.Precision != "float32").Add("gradient_checkpointing", schedule.GradientCheckpointing)
            .Add("eval_strategy", "steps").Add("eval_steps", schedule.ValidateEvery).Add("load_best_model_at_end", schedule.ValidateEvery == schedule.SaveEvery)
            .ToString();
    }

    private static IEnumerable<Row> Rows(IReadOnlyList<TrainingExample> examples) => examples.Select(example => new Row(example.Messages));

    private sealed record Row(IReadOnlyList<ExampleMessage> Messages);

    private sealed record Dataset(string FileName)
    {
        [JsonPropertyName("file_name")]
        public string FileName { get; } = FileName;

        [JsonPropertyName("formatting")]
        public string Formatting { get; } = "sharegpt";

        [JsonPropertyName("columns")]
        public IReadOnlyDictionary<string, string> Columns { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["messages"] = "messages" };

        [JsonPropertyName("tags")]
        public IReadOnlyDictionary<string, string> Tags { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["role_tag"] = "role", ["content_tag"] = "content", ["user_tag"] = "user", ["assistant_tag"] = "assistant", ["system_tag"] = "system",
        };
    }
}

using DomainTuning.Training;

namespace DomainTuning.Tuning.Export;

/// <summary>Terms of the recipe that other trainers count otherwise.</summary>
/// <param name="Size">Examples at once on a device.</param>
/// <param name="Steps">Batches in one optimiser step.</param>
internal sealed record ExportBatch(int Size, int Steps)
{
    /// <summary>A prompt with passages, as counted on corpora/cnc. Other trainers count examples, not tokens.</summary>
    private const int UsualTokens = 640;

    private const int MostAtOnce = 4;

    /// <summary>Published checkpoints of base models by their ids here, and what LLaMA-Factory calls their templates.</summary>
    private static readonly Dictionary<string, (string Checkpoint, string Template)> Known = new(StringComparer.Ordinal)
    {
        ["smollm2-135m-instruct"] = ("HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2"),
        ["smollm2-360m-instruct"] = ("HuggingFaceTB/SmolLM2-360M-Instruct", "smollm2"),
        ["smollm2-1.7b-instruct"] = ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "smollm2"),
    };

    public static ExportBatch Of(ScheduleRecipe schedule)
    {
        var examples = Math.Max(1, (int)Math.Round((double)schedule.TokensAStep / UsualTokens));
        var size = Enumerable.Range(1, MostAtOnce).Last(size => examples % size == 0);
        return new ExportBatch(size, examples / size);
    }

    /// <summary>In optimiser steps: transformers 4 and 5 agree on these, not on shares.</summary>
    public int WarmUp(int examples, TrainingRecipe recipe) =>
        (int)Math.Round(recipe.Optimiser.WarmUp * (recipe.Schedule.MaxSteps ?? Math.Ceiling((double)examples / (Size * Steps)) * recipe.Schedule.Epochs));

    public static string Decay(OptimiserRecipe optimiser) => optimiser.Decay == "constant" ? "constant_with_warmup" : optimiser.Decay;

    /// <summary>For an unknown id the id itself, which the reader replaces by a folder or a Hub id.</summary>
    public static string Checkpoint(TrainingRecipe recipe) => Known.TryGetValue(Base(recipe), out var known) ? known.Checkpoint : Base(recipe);

    /// <summary>Null: LLaMA-Factory reads the template from the tokenizer.</summary>
    public static string? Template(TrainingRecipe recipe) => Known.TryGetValue(Base(recipe), out var known) ? known.Template : null;

    private static string Base(TrainingRecipe recipe) => recipe.BaseModel ?? "smollm2-135m-instruct";
}

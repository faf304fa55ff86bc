using System.Globalization;

namespace DomainTuning.Training;

/// <summary>Refuses a recipe that no training could follow, by the key that is wrong.</summary>
public static class RecipeCheck
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    /// <exception cref="ArgumentException">A value is out of range; the message says which, and what is expected.</exception>
    public static void Validate(this TrainingRecipe recipe)
    {
        var (method, optimiser, schedule) = (recipe.Method, recipe.Optimiser, recipe.Schedule);
        Expect(recipe.Name.Length > 0 && recipe.Name[0] != '.' && recipe.Name.All(NameCharacters.Contains), "name", recipe.Name, "letters, digits, '.', '_' and '-', with no dot in front");
        Expect(method.Kind == "lora", "method.kind", method.Kind, "lora; with rank_stabilised it is rsLoRA, with dora DoRA");
        Expect(method.Rank is >= 1 and <= 1024, "method.rank", method.Rank, "1 to 1024");
        Expect(method.Alpha > 0, "method.alpha", method.Alpha, "more than 0");
        Expect(method.Dropout is >= 0 and < 1, "method.dropout", method.Dropout, "0 to below 1");
        Expect(method.Targets.Count > 0, "method.targets", "empty", "at least one linear layer, such as q_proj");
        Expect(optimiser.LearningRate > 0, "optimiser.learning_rate", optimiser.LearningRate, "more than 0");
        Expect(optimiser.Decay is "cosine" or "linear" or "constant", "optimiser.decay", optimiser.Decay, "cosine, linear or constant");
        Expect(optimiser.WarmUp is >= 0 and < 1, "optimiser.warm_up", optimiser.WarmUp, "a share of the steps, 0 to below 1");
        Expect(optimiser.WeightDecay >= 0, "optimiser.weight_decay", optimiser.WeightDecay, "0 or more");
        Expect(optimiser.Beta1 is >= 0 and < 1, "optimiser.beta1", optimiser.Beta1, "0 to below 1");
        Expect(optimiser.Beta2 is >= 0 and < 1, "optimiser.beta2", optimiser.Beta2, "0 to below 1");
        Expect(optimiser.Epsilon > 0, "optimiser.epsilon", optimiser.Epsilon, "more than 0");
        Expect(optimiser.ClipNorm >= 0, "optimiser.clip_norm", optimiser.ClipNorm, "0 (never) or more");
        Expect(schedule.Epochs > 0, "schedule.epochs", schedule.Epochs, "more than 0");
        Expect(schedule.MaxSteps is null or >= 1, "schedule.max_steps", schedule.MaxSteps, "at least 1");
        Expect(schedule.MaxMinutes is null or > 0, "schedule.max_minutes", schedule.MaxMinutes, "more than 0");
        Expect(schedule.TokensAStep >= 1, "schedule.tokens_a_step", schedule.TokensAStep, "at least 1");
        Expect(schedule.MaxTokens >= 2, "schedule.max_tokens", schedule.MaxTokens, "at least 2");
        Expect(schedule.ValidateEvery >= 1, "schedule.validate_every", schedule.ValidateEvery, "at least 1");
        Expect(schedule.ValidationTokens >= 1, "schedule.validation_tokens", schedule.ValidationTokens, "at least 1");
        Expect(schedule.Patience >= 0, "schedule.patience", schedule.Patience, "0 (never) or more");
        Expect(schedule.SaveEvery >= 1, "schedule.save_every", schedule.SaveEvery, "at least 1");
        Expect(schedule.Precision is "auto" or "float32" or "bfloat16", "schedule.precision", schedule.Precision, "auto, float32 or bfloat16");
    }

    private static void Expect(bool holds, string key, object? value, string expected)
    {
        if (!holds) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The recipe says {key} = {value}; expected is {expected}."));
    }
}

using DomainTuning.Corpora;

namespace DomainTuning.Evaluator.Runs;

/// <summary>What an adapter was trained on: train-sections.json beside adapter_model.safetensors, written by the trainer.</summary>
/// <param name="Sections">Sections of questions.jsonl whose text or questions were trained on.</param>
/// <param name="Questions">Ids of the questions that were trained on.</param>
public sealed record TrainedOn(IReadOnlyList<string> Sections, IReadOnlyList<string> Questions)
{
    public const string FileName = "train-sections.json";
}

/// <summary>Refuses to measure an adapter on what it was trained on.</summary>
public static class LeakageGuard
{
    /// <returns>What a reader must know: null when the adapter's data is known and clean.</returns>
    /// <exception cref="EvaluationException">A question, or the section that its evidence stands in, was trained on.</exception>
    public static string? Check(string adapter, string folder, IReadOnlyList<Question> questions)
    {
        var path = Path.Combine(folder, TrainedOn.FileName);
        if (!File.Exists(path)) return $"Adapter '{adapter}' has no {TrainedOn.FileName}: nobody recorded what it was trained on, so its scores may come from the test questions themselves.";
        var trained = ResultJson.Read<TrainedOn>(path, $"what an adapter was trained on ({{\"sections\": […], \"questions\": […]}})");
        var (sections, ids) = (Folded(trained.Sections), Folded(trained.Questions));
        var leaked = questions.Where(question => ids.Contains(Fold(question.Id)) || sections.Contains(Fold(question.Section))).ToList();
        if (leaked.Count == 0) return null;
        var shown = string.Join("; ", leaked.Take(5).Select(question => $"{question.Id} ({question.Section})"));
        throw new EvaluationException(
            $"Adapter '{adapter}' was trained on {leaked.Count} of the {questions.Count} questions or on their evidence sections: {shown}{(leaked.Count > 5 ? "; …" : "")}. "
            + "Its scores would prove nothing. Train it without these sections, or leave it out with --arms.");
    }

    private static HashSet<string> Folded(IReadOnlyList<string> names) => names.Select(Fold).ToHashSet(StringComparer.Ordinal);

    private static string Fold(string name) => string.Join(' ', name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToUpperInvariant();
}

using DomainTuning.Chunks;
using DomainTuning.Corpora;

namespace DomainTuning.Evaluator.Runs;

/// <summary>
/// What an adapter was trained on: train-sections.json in the adapter's folder, beside card.json and adapter_model.safetensors, written by the trainer as
/// {"sections": ["configuration § 4.1.2 Files", …], "questions": ["cnc-0001", …]}. Both keys must be there; other keys are errors.
/// </summary>
/// <param name="Sections">Sections, as in questions.jsonl, whose text or questions were trained on. Sections below a third number are that section (<see cref="SectionName"/>); case and runs of white space do not count.</param>
/// <param name="Questions">Ids of the questions that were trained on.</param>
public sealed record TrainedOn(IReadOnlyList<string> Sections, IReadOnlyList<string> Questions)
{
    public const string FileName = "train-sections.json";

    /// <summary>The record in an adapter's folder; null where there is none, as for an adapter from elsewhere.</summary>
    /// <param name="folder">Null, or an .onnx_adapter file, has no room for a record.</param>
    /// <exception cref="EvaluationException">It is there and cannot be read.</exception>
    public static TrainedOn? Read(string? folder)
    {
        if (folder is null || !File.Exists(Path.Combine(folder, FileName))) return null;
        var path = Path.Combine(folder, FileName);
        var read = ResultJson.Read<TrainedOn>(path, "what an adapter was trained on ({\"sections\": […], \"questions\": […]})");
        return read is { Sections: not null, Questions: not null } ? read : throw new EvaluationException($"{path} must hold both \"sections\" and \"questions\", as lists. Train the adapter again, or remove the file to have it reported as of unknown provenance.");
    }
}

/// <summary>Refuses to measure an adapter on what it was trained on.</summary>
public static class LeakageGuard
{
    /// <returns>What the adapter was trained on, none of it asked here; null where nobody recorded it: its provenance is unknown, and the report says so.</returns>
    /// <param name="adapter">Its name, for messages.</param>
    /// <param name="folder">Null for an adapter that lies on another server.</param>
    /// <exception cref="EvaluationException">A question, or the section that its evidence stands in, was trained on.</exception>
    public static TrainedOn? Check(string adapter, string? folder, IReadOnlyList<Question> questions)
    {
        if (TrainedOn.Read(folder) is not { } trained) return null;
        var sections = trained.Sections.Select(Key).ToHashSet(StringComparer.Ordinal);
        var ids = trained.Questions.Select(Fold).ToHashSet(StringComparer.Ordinal);
        var leaked = questions.Where(question => ids.Contains(Fold(question.Id)) || sections.Contains(Key(question.Section))).ToList();
        if (leaked.Count == 0) return trained;
        var shown = string.Join("; ", leaked.Take(5).Select(question => $"{question.Id} ({question.Section})"));
        throw new EvaluationException(
            $"Adapter '{adapter}' was trained on {leaked.Count} of the {questions.Count} questions or on their evidence sections: {shown}{(leaked.Count > 5 ? "; …" : "")}. "
            + "Its scores would prove nothing. Train it without these sections, or leave it out with --arms.");
    }

    /// <summary>Sections are the same as far as splits tell them apart: 4.4.2.3 belongs to 4.4.2.</summary>
    private static string Key(string section) => Fold(SectionName.Parse(section).Key);

    private static string Fold(string name) => string.Join(' ', name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToUpperInvariant();
}

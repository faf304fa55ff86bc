using System.Globalization;
using System.Text.Json.Serialization;
using DomainTuning.Evaluator.Forgetting;

namespace DomainTuning.Evaluator.Runs;

/// <summary>An adapter that arms answer through: whether its training is known, and what it did to the model's general abilities.</summary>
/// <param name="Name">As in the model id "model:name".</param>
/// <param name="TrainedSections">Sections that it was trained on, none of which was asked; null where nobody recorded them.</param>
/// <param name="TrainedQuestions">Questions that it was trained on; null where nobody recorded them.</param>
/// <param name="Forgetting">Null where it was not measured.</param>
public sealed record AdapterSummary(string Name, int? TrainedSections, int? TrainedQuestions, AdapterForgetting? Forgetting)
{
    /// <summary>For a report's table.</summary>
    [JsonIgnore]
    public string Provenance => TrainedSections is { } sections && TrainedQuestions is { } questions
        ? string.Create(CultureInfo.InvariantCulture, $"trained on {sections} sections and {questions} questions, none of them asked here")
        : "unknown provenance";

    /// <summary>What a reader must know before the scores; null when there is nothing.</summary>
    [JsonIgnore]
    public string? Note => TrainedSections is null
        ? $"Adapter '{Name}' is of unknown provenance: it has no {TrainedOn.FileName}, so nobody recorded what it was trained on, and its scores may come from the test questions themselves."
        : null;

    public static AdapterSummary Of(string name, TrainedOn? trained) => new(name, trained?.Sections.Count, trained?.Questions.Count, null);
}

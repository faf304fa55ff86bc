using System.Text.Json.Serialization;
using DomainTuning.Evaluator.Beir;
using DomainTuning.Evaluator.Questions;

namespace DomainTuning.Evaluator;

/// <summary>What the evaluator writes for machines.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(BeirResult))]
[JsonSerializable(typeof(QuestionReport))]
internal sealed partial class EvaluatorJson : JsonSerializerContext;

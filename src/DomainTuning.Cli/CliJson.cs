using System.Text.Json.Serialization;
using DomainTuning.Cli.Health;
using DomainTuning.Cli.Verbs;

namespace DomainTuning.Cli;

/// <summary>What --json writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<Hit>))]
[JsonSerializable(typeof(AnswerReport))]
[JsonSerializable(typeof(IReadOnlyList<ModelRow>))]
[JsonSerializable(typeof(ConvertedRow))]
[JsonSerializable(typeof(ModelDetails))]
[JsonSerializable(typeof(IReadOnlyList<AdapterRow>))]
[JsonSerializable(typeof(AdapterDetails))]
[JsonSerializable(typeof(LoadedRow))]
[JsonSerializable(typeof(WrittenRow))]
[JsonSerializable(typeof(ImportedRow))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(TrainedRow))]
[JsonSerializable(typeof(IReadOnlyList<RunRow>))]
[JsonSerializable(typeof(ExamplesReport))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class CliJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>The two messages: a <see cref="SourceFile"/> goes to the child, a <see cref="ReadResult"/> comes back.</summary>
[JsonSourceGenerationOptions(IgnoreReadOnlyProperties = true, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SourceFile))]
[JsonSerializable(typeof(ReadResult))]
internal sealed partial class WorkerJson : JsonSerializerContext;

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Tuning.Examples;

/// <summary>How what goes with examples lies on disk, for the evaluator and for other trainers: camel case, indented.</summary>
internal static class ExampleJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // files, not web pages
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options) + "\n";
}

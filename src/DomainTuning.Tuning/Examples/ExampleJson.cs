using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>How examples (camel case, a line each) and recipes (snake case) lie on disk. Unknown keys are errors.</summary>
public static class ExampleJson
{
    private static readonly JsonSerializerOptions Line = Options(JsonNamingPolicy.CamelCase, indented: false);
    private static readonly JsonSerializerOptions File = Options(JsonNamingPolicy.CamelCase, indented: true);
    private static readonly JsonSerializerOptions Recipe = Options(JsonNamingPolicy.SnakeCaseLower, indented: true);

    /// <exception cref="ExampleException">It is missing or cannot be read.</exception>
    public static TrainingRecipe ReadRecipe(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainingRecipe>(System.IO.File.ReadAllBytes(path), Recipe) ?? throw new JsonException("It is null.");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new ExampleException($"The recipe '{path}' cannot be read: {e.Message} A recipe is JSON with the keys of TrainingRecipe in snake case, at least \"name\".");
        }
    }

    internal static string Lines(IEnumerable<TrainingExample> examples) => string.Concat(examples.Select(example => JsonSerializer.Serialize(example, Line) + "\n"));

    internal static string Write<T>(T value) => JsonSerializer.Serialize(value, File) + "\n";

    private static JsonSerializerOptions Options(JsonNamingPolicy naming, bool indented) => new()
    {
        PropertyNamingPolicy = naming,
        WriteIndented = indented,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // files, not web pages
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };
}

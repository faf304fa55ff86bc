using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Evaluator.Runs;

/// <summary>How results, recipes and cached answers stand in files: camel case, enums as in questions.jsonl, unknown keys are errors.</summary>
public static class ResultJson
{
    internal static JsonSerializerOptions Lines { get; } = Create(indented: false);

    private static JsonSerializerOptions Indented { get; } = Create(indented: true);

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Indented) + "\n";

    /// <summary>A whole result, as <see cref="ResultFile"/> keeps it.</summary>
    public static string Write(EvaluationResult result) => ResultFile.Write(result);

    public static EvaluationResult ReadResult(string path) => ResultFile.Read(path);

    public static EvaluationRecipe ReadRecipe(string path) => Read<EvaluationRecipe>(path, "a recipe of `domaintuning evaluate`");

    internal static T Read<T>(string path, string what)
    {
        if (!File.Exists(path)) throw new EvaluationException($"There is no {path}; {what} is expected.");
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Indented) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new EvaluationException($"{path} is not {what}: {e.Message}");
        }
    }

    private static JsonSerializerOptions Create(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = indented,
        IndentSize = 1,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        // Files, not web pages: the HTML report escapes for itself.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };
}

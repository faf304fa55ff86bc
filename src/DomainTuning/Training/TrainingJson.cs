using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Training;

/// <summary>How recipes, jobs, progress (snake case) and examples (camel case, a line each) lie on disk. Unknown keys are errors.</summary>
public static class TrainingJson
{
    private static readonly JsonSerializerOptions Indented = Options(JsonNamingPolicy.SnakeCaseLower, indented: true);
    private static readonly JsonSerializerOptions Line = Options(JsonNamingPolicy.SnakeCaseLower, indented: false);
    private static readonly JsonSerializerOptions ExampleLine = Options(JsonNamingPolicy.CamelCase, indented: false);

    /// <exception cref="TrainingException">It cannot be read, or holds a key that is none of a recipe's.</exception>
    public static TrainingRecipe ReadRecipe(string path) => Read<TrainingRecipe>(path, "recipe");

    public static void WriteRecipe(string path, TrainingRecipe recipe) => File.WriteAllText(path, JsonSerializer.Serialize(recipe, Indented) + "\n");

    /// <exception cref="TrainingException">It cannot be read.</exception>
    public static TrainingJob ReadJob(string path) => Read<TrainingJob>(path, "job");

    public static void WriteJob(string path, TrainingJob job) => File.WriteAllText(path, JsonSerializer.Serialize(job, Indented) + "\n");

    public static string Write(TrainingProgress progress) => JsonSerializer.Serialize(progress, Line);

    /// <summary>Null for what is no progress: the half line of a killed process, or what a native library printed.</summary>
    public static TrainingProgress? TryReadProgress(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainingProgress>(line, Line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="TrainingException">The file or a line of it cannot be read; the message names the line.</exception>
    public static IReadOnlyList<TrainingExample> ReadExamples(string path)
    {
        var examples = new List<TrainingExample>();
        try
        {
            foreach (var (index, line) in File.ReadLines(path).Index())
            {
                if (string.IsNullOrWhiteSpace(line)) continue;
                try
                {
                    examples.Add(JsonSerializer.Deserialize<TrainingExample>(line, ExampleLine) ?? throw new JsonException("It is null."));
                }
                catch (JsonException error)
                {
                    throw new TrainingException($"'{path}', line {index + 1} is no example: {error.Message} Expected is {{\"id\", \"kind\", \"messages\": [{{\"role\", \"content\"}}]}} and the last message is the assistant's.", error);
                }
            }
        }
        catch (IOException error)
        {
            throw new TrainingException($"The examples '{path}' cannot be read: {error.Message}", error);
        }

        return examples;
    }

    /// <summary>The same bytes on every system, so that their hash says what was trained on.</summary>
    public static string Lines(IEnumerable<TrainingExample> examples) => string.Concat(examples.Select(example => JsonSerializer.Serialize(example, ExampleLine) + "\n"));

    public static void WriteExamples(string path, IEnumerable<TrainingExample> examples) => File.WriteAllText(path, Lines(examples));

    private static T Read<T>(string path, string what)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), Indented) ?? throw new JsonException("It is null.");
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new TrainingException($"The {what} '{path}' cannot be read: {error.Message}", error);
        }
    }

    private static JsonSerializerOptions Options(JsonNamingPolicy naming, bool indented) => new()
    {
        PropertyNamingPolicy = naming,
        WriteIndented = indented,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        DefaultIgnoreCondition = indented ? JsonIgnoreCondition.Never : JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // files, not web pages
        Converters = { new JsonStringEnumConverter<TrainingEvent>(JsonNamingPolicy.SnakeCaseLower) },
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };
}

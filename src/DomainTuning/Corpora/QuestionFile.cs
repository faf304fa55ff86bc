using System.Globalization;
using System.Text.Json;

namespace DomainTuning.Corpora;

/// <summary>A questions.jsonl cannot be used as it is. The message names file and lines.</summary>
public sealed class QuestionFileException(string message) : Exception(message);

/// <summary>A question with the line that it stands on, from 1.</summary>
public sealed record QuestionLine(int Line, Question Question);

/// <summary>What is wrong with a line of a questions.jsonl.</summary>
public sealed record QuestionProblem(int Line, string Message);

/// <summary>
/// Reads questions.jsonl: one JSON object a line with exactly the keys of <see cref="Question"/>. Unknown keys and values are problems, so that a
/// misspelt key is never a missing answer. Names of kinds and splits are in lower case with hyphens ("multi-page").
/// </summary>
public sealed record QuestionFile(IReadOnlyList<QuestionLine> Lines, IReadOnlyList<QuestionProblem> Problems)
{
    /// <summary>The file's name in a corpus folder.</summary>
    public const string Name = "questions.jsonl";

    private static readonly string[] QuestionKeys = ["id", "text", "kind", "split", "section", "answers", "evidence"];
    private static readonly string[] EvidenceKeys = ["document", "page", "quote"];

    /// <summary>All questions of a file.</summary>
    /// <exception cref="QuestionFileException">The file is missing, or a line cannot be read; the message lists the first five.</exception>
    public static IReadOnlyList<Question> Read(string path)
    {
        var file = Examine(path);
        if (file.Problems.Count == 0) return [.. file.Lines.Select(line => line.Question)];
        var first = file.Problems.Take(5).Select(problem => string.Create(CultureInfo.InvariantCulture, $"line {problem.Line}: {problem.Message}"));
        throw new QuestionFileException($"{path} has {file.Problems.Count} problems: {string.Join(" ", first)} Run `domaintuning questions check` for all of them.");
    }

    /// <summary>The questions that can be read, and what is wrong with the other lines.</summary>
    /// <exception cref="QuestionFileException">There is no such file.</exception>
    public static QuestionFile Examine(string path)
    {
        if (!File.Exists(path)) throw new QuestionFileException($"There is no {path}. Write one question a line: {{\"id\": …, \"text\": …, \"kind\": …, \"split\": …, \"section\": …, \"answers\": […], \"evidence\": […]}}.");
        return Parse(File.ReadLines(path));
    }

    public static QuestionFile Parse(IEnumerable<string> lines)
    {
        var questions = new List<QuestionLine>();
        var problems = new List<QuestionProblem>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using var json = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
                questions.Add(new QuestionLine(number, ReadQuestion(json.RootElement)));
            }
            catch (JsonException e)
            {
                problems.Add(new QuestionProblem(number, $"is not one JSON object: {e.Message}"));
            }
            catch (FormatException e)
            {
                problems.Add(new QuestionProblem(number, e.Message));
            }
        }

        return new QuestionFile(questions, problems);
    }

    /// <summary>"MultiPage" is "multi-page" in files and reports.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));

    private static Question ReadQuestion(JsonElement json)
    {
        CheckKeys(json, QuestionKeys, "a question");
        return new Question
        {
            Id = Text(json, "id"),
            Text = Text(json, "text"),
            Kind = Named<QuestionKind>(json, "kind"),
            Split = Named<QuestionSplit>(json, "split"),
            Section = Text(json, "section"),
            Answers = [.. Items(json, "answers").Select(item => item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 } text ? text : throw new FormatException("'answers' must hold texts that are not empty."))],
            Evidence = [.. Items(json, "evidence").Select(ReadEvidence)],
        };
    }

    private static QuestionEvidence ReadEvidence(JsonElement json)
    {
        CheckKeys(json, EvidenceKeys, "an entry of 'evidence'");
        var page = json.GetProperty("page");
        return page.ValueKind == JsonValueKind.Number && page.TryGetInt32(out var number) && number >= 1
            ? new QuestionEvidence(Text(json, "document"), number, Text(json, "quote"))
            : throw new FormatException($"'page' is {page.GetRawText()}; the physical page, a whole number from 1, is expected.");
    }

    private static void CheckKeys(JsonElement json, string[] keys, string what)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new FormatException($"{what} must be a JSON object; it is {json.ValueKind}.");
        foreach (var property in json.EnumerateObject())
            if (!keys.Contains(property.Name)) throw new FormatException($"'{property.Name}' is not a key of {what}. Known are {string.Join(", ", keys)}.");
        foreach (var key in keys)
            if (!json.TryGetProperty(key, out _)) throw new FormatException($"{what} lacks '{key}'.");
    }

    private static string Text(JsonElement json, string key) =>
        json.GetProperty(key) is { ValueKind: JsonValueKind.String } value && !string.IsNullOrWhiteSpace(value.GetString())
            ? value.GetString()!
            : throw new FormatException($"'{key}' is {json.GetProperty(key).GetRawText()}; a text that is not empty is expected.");

    private static JsonElement.ArrayEnumerator Items(JsonElement json, string key) =>
        json.GetProperty(key) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : throw new FormatException($"'{key}' must be a list.");

    private static T Named<T>(JsonElement json, string key)
        where T : struct, Enum
    {
        var name = Text(json, key);
        foreach (var value in Enum.GetValues<T>())
            if (NameOf(value) == name) return value;
        throw new FormatException($"'{key}' is '{name}'. Known are {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}.");
    }
}

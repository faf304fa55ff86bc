using System.Globalization;
using System.Text.Json;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;

namespace DomainTuning.Tuning.Formats;

/// <summary>
/// Reads examples that were written by hand or for other tools, one JSON object a line or one JSON array, and tells the format by its keys: OpenAI chats
/// ("messages" of role and content), Alpaca ("instruction", "input", "output", "system"), ShareGPT ("conversations" of from and value). All lines of a file
/// are of one format. Every fault is reported with its line.
/// </summary>
public static class ExampleFile
{
    private const int ShownFaults = 5;

    /// <exception cref="ExampleException">The file is missing, empty or not of a known format; the message lists the first faults with their lines.</exception>
    public static IReadOnlyList<TrainingExample> Read(string path)
    {
        if (!File.Exists(path)) throw new ExampleException($"There is no file of examples '{path}'. Recipes name them from the corpus' folder, in examples.files.");
        return Parse(File.ReadAllText(path), Path.GetFileName(path));
    }

    /// <param name="name">For ids and messages.</param>
    internal static IReadOnlyList<TrainingExample> Parse(string text, string name)
    {
        var (examples, faults) = (new List<TrainingExample>(), new List<string>());
        Func<JsonElement, IReadOnlyList<ExampleMessage>>? format = null;
        foreach (var (line, json) in Objects(text, faults))
        {
            try
            {
                format ??= FormatOf(json);
                var messages = format(json);
                Check(messages);
                examples.Add(new TrainingExample { Id = string.Create(CultureInfo.InvariantCulture, $"{name}:{line}"), Messages = messages, Kind = "hand" });
            }
            catch (FormatException e)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: {e.Message}"));
            }
        }

        if (faults.Count > 0) throw new ExampleException($"'{name}' has {faults.Count} faults. {string.Join(" ", faults.Take(ShownFaults))}{(faults.Count > ShownFaults ? " …" : "")}");
        return examples.Count > 0 ? examples : throw new ExampleException($"'{name}' holds no example. Expected is one JSON object a line, such as {{\"messages\": [{{\"role\": \"user\", \"content\": …}}, {{\"role\": \"assistant\", \"content\": …}}]}}.");
    }

    private static List<(int Line, JsonElement Json)> Objects(string text, List<string> faults)
    {
        if (text.TrimStart().StartsWith('[')) return Items(text, faults);
        return Lines(text, faults);
    }

    /// <summary>An array's items with the lines on which they begin.</summary>
    private static List<(int Line, JsonElement Json)> Items(string text, List<string> faults)
    {
        var items = new List<(int, JsonElement)>();
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var line = 1 + bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n');
                items.Add((line, JsonElement.ParseValue(ref reader)));
            }
        }
        catch (JsonException e)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {(e.LineNumber ?? 0) + 1}: is not JSON: {e.Message}"));
        }

        return items;
    }

    private static List<(int Line, JsonElement Json)> Lines(string text, List<string> faults)
    {
        var items = new List<(int, JsonElement)>();
        foreach (var (i, line) in text.Split('\n').Index())
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using var json = JsonDocument.Parse(line);
                items.Add((i + 1, json.RootElement.Clone()));
            }
            catch (JsonException e)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {i + 1}: is not one JSON object: {e.Message}"));
            }
        }

        return items;
    }

    private static Func<JsonElement, IReadOnlyList<ExampleMessage>> FormatOf(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new FormatException($"is {json.ValueKind}; one JSON object is expected.");
        if (json.TryGetProperty("messages", out _)) return ReadChat;
        if (json.TryGetProperty("conversations", out _)) return ReadShareGpt;
        if (json.TryGetProperty("instruction", out _)) return ReadAlpaca;
        throw new FormatException($"has the keys {string.Join(", ", json.EnumerateObject().Select(entry => entry.Name))}; \"messages\" (OpenAI chat), \"instruction\" (Alpaca) or \"conversations\" (ShareGPT) is expected.");
    }

    private static List<ExampleMessage> ReadChat(JsonElement json) =>
        [.. Array(json, "messages").Select(message => new ExampleMessage(Role(Text(message, "role")), Text(message, "content")))];

    private static List<ExampleMessage> ReadShareGpt(JsonElement json)
    {
        List<ExampleMessage> messages = [.. Array(json, "conversations").Select(message => new ExampleMessage(Role(Text(message, "from")), Text(message, "value")))];
        return Optional(json, "system") is { Length: > 0 } system && messages is not [{ Role: "system" }, ..] ? [new("system", system), .. messages] : messages;
    }

    private static List<ExampleMessage> ReadAlpaca(JsonElement json)
    {
        var messages = new List<ExampleMessage>();
        if (Optional(json, "system") is { Length: > 0 } system) messages.Add(new("system", system));
        var input = Optional(json, "input");
        messages.Add(new("user", string.IsNullOrEmpty(input) ? Text(json, "instruction") : $"{Text(json, "instruction")}\n{input}"));
        messages.Add(new("assistant", Text(json, "output")));
        return messages;
    }

    private static string Role(string name) => name switch
    {
        "system" or "developer" => "system",
        "user" or "human" => "user",
        "assistant" or "gpt" or "model" or "bot" => "assistant",
        _ => throw new FormatException($"has a message of '{name}'; system, user (human) and assistant (gpt) are expected."),
    };

    private static void Check(IReadOnlyList<ExampleMessage> messages)
    {
        if (messages.Count == 0 || messages[^1].Role != "assistant") throw new FormatException($"ends with {(messages.Count == 0 ? "nothing" : "a message of the " + messages[^1].Role)}; the last message must be the assistant's.");
        if (!messages.Any(message => message.Role == "user")) throw new FormatException("has no message of the user.");
        if (messages.Any(message => string.IsNullOrWhiteSpace(message.Content))) throw new FormatException("has an empty message.");
        if (messages.Skip(1).Any(message => message.Role == "system")) throw new FormatException("has a system message that is not the first.");
    }

    private static JsonElement.ArrayEnumerator Array(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var array) && array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : throw new FormatException($"lacks the list \"{key}\", which the first line has.");

    private static string Text(JsonElement json, string key) =>
        Optional(json, key) ?? throw new FormatException($"lacks the text \"{key}\".");

    private static string? Optional(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Null => null,
            _ => throw new FormatException($"has a \"{key}\" that is no text."),
        } : null;
}

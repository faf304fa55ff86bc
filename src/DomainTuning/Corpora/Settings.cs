using System.Globalization;
using System.Text.Json;

namespace DomainTuning.Corpora;

/// <summary>The file, a variable or a flag holds a setting that cannot be used. The message says which, where, and what is expected.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>
/// What a user can choose. Values come, later ones winning, from the defaults here, domaintuning.json, DOMAINTUNING_… variables and flags.
/// Unknown keys are errors.
/// </summary>
public sealed record Settings
{
    /// <summary>The corpus that a question goes to when none is named. Default: the only one there is.</summary>
    public string? Corpus { get; init; }

    /// <summary>Default: the shipped 135M model, which runs anywhere and shows the path; real use takes a larger one.</summary>
    public string ChatModel { get; init; } = "smollm2-135m-instruct";

    /// <summary>How the chat model's weights are kept: what suits model and processor, or one of the forms by name.</summary>
    public string ChatForm { get; init; } = "auto";

    /// <summary>How the chat model keeps what it has read: floats, or bytes in a quarter of the memory.</summary>
    public string ChatKeyValues { get; init; } = "float32";

    /// <summary>Default: the shipped English encoder; bge-small-zh-v1.5 for Chinese documents.</summary>
    public string Embedder { get; init; } = "bge-small-en-v1.5";

    /// <summary>Where the index is: qdrant:http://host:6334/collection for a Qdrant server, sqlite:FILE for a file. Default: a file a corpus in the workspace.</summary>
    public string? Index { get; init; }

    /// <summary>The Qdrant server's key. Give it by variable, so that it stays out of files and process lists.</summary>
    public string? IndexApiKey { get; init; }

    /// <summary>What orders the best passages again: a cross-encoder from the model library, or "likelihood" for the chat model itself. Default: none.</summary>
    public string? Reranker { get; init; }

    /// <summary>Weight of the reranker against the search, 0 to 1. Default: 0.5 for "likelihood", 1 for a cross-encoder. `domaintuning evaluate fit` measures it.</summary>
    public double? RerankWeight { get; init; }

    /// <summary>Default: loopback. Anything wider needs <see cref="ApiKey"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 8080;

    /// <summary>Requests that may wait for a chat model; further ones are refused with status 429. Default 64: about a minute's work of the shipped model on two cores.</summary>
    public int WaitingRequests { get; init; } = 64;

    /// <summary>Requests that each API key (without keys: each address) may make in a minute. Default 0: as many as it likes.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Most that one upload may bring. Default 1,024: a shelf of manuals at once.</summary>
    public int MaxUploadMegabytes { get; init; } = 1024;

    /// <summary>Origins of other web pages that may call the API, such as https://intranet.example, separated by commas. Default: none.</summary>
    public string? CorsOrigins { get; init; }

    /// <summary>Where traces go: the address of an OpenTelemetry collector, such as http://127.0.0.1:4317. Default: nowhere.</summary>
    public string? Traces { get; init; }

    /// <summary>Asked of every API request when set. Give it by variable, so that it stays out of files and process lists.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Refuses every connection to another machine.</summary>
    public bool Offline { get; init; }

    /// <summary>Threads of the models. Default 0: the physical cores.</summary>
    public int Threads { get; init; }

    /// <summary>Weight of the dense side in hybrid search, 0 to 1.</summary>
    public double DenseWeight { get; init; } = 0.5;

    /// <summary>Passages that a search returns.</summary>
    public int Top { get; init; } = 8;

    /// <summary>What <see cref="ChatForm"/> may be.</summary>
    public static IReadOnlyList<string> ChatForms { get; } = ["auto", "float32", "blocks8", "w8a8", "blocks4"];

    /// <summary>What <see cref="ChatKeyValues"/> may be.</summary>
    public static IReadOnlyList<string> KeyValueForms { get; } = ["float32", "int8"];

    public static IReadOnlyList<SettingKey> Keys { get; } =
    [
        new("corpus", "the corpus that questions go to", (s, v) => s with { Corpus = v }, s => s.Corpus),
        new("chatModel", "the chat model's id (domaintuning models list)", (s, v) => s with { ChatModel = v }, s => s.ChatModel),
        new("chatForm", $"how its weights are kept: {string.Join(", ", ChatForms)}", (s, v) => s with { ChatForm = OneOf(v, ChatForms) }, s => s.ChatForm),
        new("chatKeyValues", $"how it keeps what it has read: {string.Join(", ", KeyValueForms)}", (s, v) => s with { ChatKeyValues = OneOf(v, KeyValueForms) }, s => s.ChatKeyValues),
        new("embedder", "the sentence encoder's id", (s, v) => s with { Embedder = v }, s => s.Embedder),
        new("index", "where the index is: qdrant:http://HOST:6334/NAME, sqlite:FILE, or a file a corpus in the workspace", (s, v) => s with { Index = v }, s => s.Index),
        new("indexApiKey", "the Qdrant server's key", (s, v) => s with { IndexApiKey = v }, s => s.IndexApiKey is null ? null : "(set)"),
        new("reranker", "a cross-encoder's id, or likelihood to ask the chat model", (s, v) => s with { Reranker = v }, s => s.Reranker),
        new("rerankWeight", "weight of the reranker against the search, 0 to 1", (s, v) => s with { RerankWeight = Share(v) }, s => s.RerankWeight?.ToString(CultureInfo.InvariantCulture)),
        new("host", "the address that the server listens on", (s, v) => s with { Host = v }, s => s.Host),
        new("port", "the port that the server listens on, 0 for any free one", (s, v) => s with { Port = Whole(v, 0, 65535) }, s => Text(s.Port)),
        new("apiKey", "the key that every API request must carry", (s, v) => s with { ApiKey = v }, s => s.ApiKey is null ? null : "(set)"),
        new("waitingRequests", "requests that may wait for a chat model", (s, v) => s with { WaitingRequests = Whole(v, 0, 100_000) }, s => Text(s.WaitingRequests)),
        new("requestsPerMinute", "requests a minute that each API key may make, 0 for any number", (s, v) => s with { RequestsPerMinute = Whole(v, 0, 1_000_000) }, s => Text(s.RequestsPerMinute)),
        new("maxUploadMegabytes", "most that one upload may bring", (s, v) => s with { MaxUploadMegabytes = Whole(v, 1, 1 << 20) }, s => Text(s.MaxUploadMegabytes)),
        new("corsOrigins", "origins of other web pages that may call the API, separated by commas", (s, v) => s with { CorsOrigins = v }, s => s.CorsOrigins),
        new("traces", "the address of an OpenTelemetry collector that gets traces", (s, v) => s with { Traces = v }, s => s.Traces),
        new("offline", "true refuses every connection to another machine", (s, v) => s with { Offline = Truth(v) }, s => s.Offline ? "true" : "false"),
        new("threads", "threads of the models, 0 for the physical cores", (s, v) => s with { Threads = Whole(v, 0, 1024) }, s => Text(s.Threads)),
        new("denseWeight", "weight of the dense side in hybrid search, 0 to 1", (s, v) => s with { DenseWeight = Share(v) }, s => s.DenseWeight.ToString(CultureInfo.InvariantCulture)),
        new("top", "passages that a search returns, 1 to 100", (s, v) => s with { Top = Whole(v, 1, 100) }, s => Text(s.Top)),
    ];

    /// <summary>Where each value that is not a default came from, by key: "domaintuning.json", a variable's name, or a flag.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; init; } = new Dictionary<string, string>();

    /// <summary>Puts defaults, file, variables and flags together.</summary>
    /// <param name="file">domaintuning.json; may be absent.</param>
    /// <param name="variables">Usually the process environment.</param>
    /// <param name="flags">Key name to text, of those flags that were given.</param>
    public static Settings Load(string file, IReadOnlyDictionary<string, string> variables, IReadOnlyDictionary<string, string> flags)
    {
        var settings = new Settings();
        if (File.Exists(file))
            foreach (var (name, value) in ReadFile(file)) settings = settings.With(name, value, Path.GetFileName(file), file);

        foreach (var (variable, value) in variables)
        {
            // Other programs' variables start otherwise; an unknown one of ours is a misspelling.
            if (!variable.StartsWith("DOMAINTUNING_", StringComparison.Ordinal) || value.Length == 0) continue;
            var key = Keys.FirstOrDefault(key => key.Variable == variable)
                ?? throw new SettingsException($"Variable {variable} is not a setting. Known are {string.Join(", ", Keys.Select(key => key.Variable))}.");
            settings = settings.With(key.Name, value, variable, variable);
        }

        foreach (var (name, value) in flags)
        {
            var flag = Keys.First(key => key.Name == name).Flag;
            settings = settings.With(name, value, flag, flag);
        }

        return settings;
    }

    /// <summary>The environment of this process, as <see cref="Load"/> takes it.</summary>
    public static IReadOnlyDictionary<string, string> ProcessVariables() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    private Settings With(string name, string value, string source, string place)
    {
        var key = Keys.FirstOrDefault(key => key.Name == name)
            ?? throw new SettingsException($"'{name}' in {place} is not a setting. Known are {string.Join(", ", Keys.Select(key => key.Name))}.");
        try
        {
            return key.Apply(this, value) with { Sources = new Dictionary<string, string>(Sources) { [name] = source } };
        }
        catch (FormatException e)
        {
            throw new SettingsException($"'{name}' in {place} is '{value}'; {e.Message}");
        }
    }

    private static IEnumerable<(string Name, string Value)> ReadFile(string file)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new SettingsException($"{file} is not valid JSON (line {e.LineNumber + 1}): {e.Message} Mend it, or delete it to use the defaults.");
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new SettingsException($"{file} must hold one JSON object such as {{ \"port\": 8080 }}; it holds {document.RootElement.ValueKind}.");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                var value = property.Value.ValueKind switch
                {
                    JsonValueKind.String => property.Value.GetString()!,
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => property.Value.GetRawText(),
                    _ => throw new SettingsException($"'{property.Name}' in {file} must be a text, a number, true or false; it is {property.Value.ValueKind}."),
                };
                yield return (property.Name, value);
            }
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Whole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new FormatException($"a whole number from {least} to {most} is expected.");

    private static string OneOf(string text, IReadOnlyList<string> values) =>
        values.FirstOrDefault(value => value.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? throw new FormatException($"one of {string.Join(", ", values)} is expected.");

    private static double Share(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1
            ? value
            : throw new FormatException("a number from 0 to 1 is expected, with a decimal point.");

    private static bool Truth(string text) =>
        bool.TryParse(text, out var value) ? value : throw new FormatException("true or false is expected.");
}

using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>
/// A body of POST /v1/chat/completions, read into types (OpenAI API reference, "Create chat completion"). What the engine can honour is read, what
/// changes nothing is passed over, and everything else is refused by name: a parameter that is silently ignored gives answers that nobody asked for.
/// </summary>
internal sealed record ChatRequest(
    ArmId Arm, IReadOnlyList<ChatMessage> Messages, ChatOptions Options, bool Stream, bool IncludeUsage, ChunkFilter Filter)
{
    /// <summary>Accepted without effect: they steer another vendor's storage, billing or routing, never the answer.</summary>
    private static readonly string[] Harmless = ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"];

    public static ChatRequest Parse(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) throw ApiException.BadRequest($"The body must be a JSON object; it is {body.ValueKind}.");
        ArmId? arm = null;
        IReadOnlyList<ChatMessage>? messages = null;
        var options = new ChatOptions();
        var (stream, includeUsage) = (false, false);
        var filter = ChunkFilter.None;
        foreach (var property in body.EnumerateObject())
        {
            var (name, value) = (property.Name, property.Value);
            if (value.ValueKind == JsonValueKind.Null || Harmless.Contains(name)) continue;
            switch (name)
            {
                case "model": arm = ReadArm(value); break;
                case "messages": messages = ReadMessages(value); break;
                case "stream": stream = Truth(value, name); break;
                case "stream_options": includeUsage = value.TryGetProperty("include_usage", out var usage) && Truth(usage, "stream_options.include_usage"); break;
                case "temperature": options.Temperature = Number(value, name, 0, 2); break;
                case "top_p": options.TopP = Number(value, name, 0, 1); break;
                case "top_k": options.TopK = (int)Whole(value, name, 0, int.MaxValue); break;
                case "min_p": Additional(options)["min_p"] = Number(value, name, 0, 1); break;
                case "repetition_penalty": Additional(options)["repetition_penalty"] = Number(value, name, 0.01f, 10); break;
                case "frequency_penalty": options.FrequencyPenalty = Number(value, name, -2, 2); break;
                case "presence_penalty": options.PresencePenalty = Number(value, name, -2, 2); break;
                case "seed": options.Seed = Whole(value, name, long.MinValue, long.MaxValue); break;
                case "max_tokens" or "max_completion_tokens": options.MaxOutputTokens = (int)Whole(value, name, 1, int.MaxValue); break;
                case "stop": options.StopSequences = ReadStops(value); break;
                case "n" when Whole(value, name, 1, 128) == 1: break;
                case "logprobs" when value.ValueKind == JsonValueKind.False: break;
                case "response_format" when value.TryGetProperty("type", out var type) && type.ValueEquals("text"): break;
                case "tools" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0: break;
                case "tool_choice" when value.ValueEquals("none"): break;
                case "documents": filter = filter with { Documents = [.. Texts(value, name).Select(id => new DocumentId(id))] }; break;
                case "tags": filter = filter with { Tags = Texts(value, name) }; break;
                default: throw ApiException.BadRequest($"Parameter '{name}' with this value is not supported by this server. Leave it out.", name);
            }
        }

        return new ChatRequest(
            arm ?? throw ApiException.BadRequest("'model' is missing. GET /v1/models lists the ids.", "model"),
            messages ?? throw ApiException.BadRequest("'messages' is missing.", "messages"),
            options, stream, includeUsage, filter);
    }

    private static ArmId ReadArm(JsonElement value)
    {
        try
        {
            return ArmId.Parse(Text(value, "model"));
        }
        catch (FormatException e)
        {
            throw ApiException.BadRequest(e.Message, "model");
        }
    }

    private static List<ChatMessage> ReadMessages(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw ApiException.BadRequest("'messages' must be an array with at least one message.", "messages");
        var messages = new List<ChatMessage>();
        foreach (var element in value.EnumerateArray())
        {
            var place = $"messages[{messages.Count}]";
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("role", out var role))
                throw ApiException.BadRequest($"{place} must be an object with 'role' and 'content'.", "messages");
            var author = Text(role, place + ".role") switch
            {
                "system" or "developer" => ChatRole.System,
                "user" => ChatRole.User,
                "assistant" => ChatRole.Assistant,
                var other => throw ApiException.BadRequest($"{place}.role is '{other}'; system, developer, user and assistant are supported.", "messages"),
            };
            var content = element.TryGetProperty("content", out var inner) ? ReadContent(inner, place + ".content") : "";
            messages.Add(new ChatMessage(author, content));
        }

        if (messages[^1].Role != ChatRole.User) throw ApiException.BadRequest("The last message must be the user's.", "messages");
        return messages;
    }

    private static string ReadContent(JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Null) return "";
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        if (value.ValueKind != JsonValueKind.Array) throw ApiException.BadRequest($"{place} must be a text or an array of parts.", "messages");
        return string.Concat(value.EnumerateArray().Select(part =>
            part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueEquals("text") && part.TryGetProperty("text", out var text)
                ? Text(text, place)
                : throw ApiException.BadRequest($"{place} has a part that is not text; this model reads text only.", "messages")));
    }

    private static List<string> ReadStops(JsonElement value)
    {
        List<string> stops = value.ValueKind == JsonValueKind.String ? [value.GetString()!] : Texts(value, "stop");
        return stops.Count <= 16 && stops.TrueForAll(stop => stop.Length > 0)
            ? stops
            : throw ApiException.BadRequest("'stop' takes up to 16 texts that are not empty.", "stop");
    }

    private static List<string> Texts(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(text => Text(text, name))]
            : throw ApiException.BadRequest($"'{name}' must be an array of texts.", name);

    private static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.BadRequest($"'{name}' must be a text; it is {value.ValueKind}.", name);

    private static bool Truth(JsonElement value, string name) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw ApiException.BadRequest($"'{name}' must be true or false; it is {value.ValueKind}.", name);

    private static float Number(JsonElement value, string name, float least, float most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && number >= least && number <= most
            ? number
            : throw ApiException.BadRequest(FormattableString.Invariant($"'{name}' must be a number from {least} to {most}."), name);

    private static long Whole(JsonElement value, string name, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : throw ApiException.BadRequest($"'{name}' must be a whole number from {least} to {most}.", name);

    private static AdditionalPropertiesDictionary Additional(ChatOptions options) => options.AdditionalProperties ??= [];
}

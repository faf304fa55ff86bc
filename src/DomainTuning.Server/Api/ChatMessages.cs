using System.Text.Json;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>The messages of a chat: text of all roles, the calls of functions that the assistant made, and their results.</summary>
internal static class ChatMessages
{
    private const string Field = "messages";

    public static List<ChatMessage> Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw ApiException.BadRequest("'messages' must be an array with at least one message.", Field);
        var messages = new List<ChatMessage>();
        foreach (var element in value.EnumerateArray()) messages.Add(Message(element, $"messages[{messages.Count}]"));
        return messages;
    }

    private static ChatMessage Message(JsonElement element, string place)
    {
        if (element.Optional("role") is not { } role) throw ApiException.BadRequest($"{place} must be an object with 'role' and 'content'.", Field);
        var text = element.Optional("content") is { } content ? Content(content, place + ".content") : "";
        switch (role.Text(place + ".role"))
        {
            case "system" or "developer": return new ChatMessage(ChatRole.System, text);
            case "user": return new ChatMessage(ChatRole.User, text);
            case "tool":
                var id = (element.Optional("tool_call_id") ?? throw ApiException.BadRequest($"{place} has the role tool, but no 'tool_call_id'.", Field)).Text(place + ".tool_call_id");
                return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id, text)]);
            case "assistant":
                var contents = new List<AIContent>();
                if (text.Length > 0) contents.Add(new TextContent(text));
                if (element.Optional("tool_calls") is { } calls) contents.AddRange(Calls(calls, place + ".tool_calls"));
                return new ChatMessage(ChatRole.Assistant, contents);
            case var other: throw ApiException.BadRequest($"{place}.role is '{other}'; system, developer, user, assistant and tool are supported.", Field);
        }
    }

    private static string Content(JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        if (value.ValueKind != JsonValueKind.Array) throw ApiException.BadRequest($"{place} must be a text or an array of parts.", Field);
        return string.Concat(value.EnumerateArray().Select(part =>
            part.Optional("type") is { ValueKind: JsonValueKind.String } type && type.ValueEquals("text") && part.Optional("text") is { } text
                ? text.Text(place)
                : throw ApiException.BadRequest($"{place} has a part that is not text; this model reads text only.", Field)));
    }

    private static IEnumerable<FunctionCallContent> Calls(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.Array) throw ApiException.BadRequest($"{place} must be an array.", Field);
        return value.EnumerateArray().Select(call =>
        {
            var function = call.Required("function", place);
            return new FunctionCallContent(
                call.Required("id", place).Text(place + ".id"), function.Required("name", place).Text(place + ".function.name"),
                Arguments(function.Optional("arguments")?.Text(place + ".function.arguments") ?? "", place));
        });
    }

    private static Dictionary<string, object?> Arguments(string json, string place)
    {
        if (string.IsNullOrWhiteSpace(json)) return [];
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, object?>>(json, AIJsonUtilities.DefaultOptions) ?? [];
        }
        catch (JsonException)
        {
            throw ApiException.BadRequest($"{place}: 'arguments' must be a JSON object as text; it is '{(json.Length > 80 ? json[..80] + "…" : json)}'.", Field);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>Messages, calls, results and functions in the shape that chat templates read. All of it is data: none of its text can become a control token.</summary>
internal static class TemplateMessages
{
    /// <param name="messages">The conversation.</param>
    /// <param name="form">How the template writes calls; null: it has none.</param>
    /// <exception cref="NotSupportedException">A message has a role or content that is not supported.</exception>
    public static List<JsonObject> Read(IEnumerable<ChatMessage> messages, ToolForm? form)
    {
        var list = messages.ToList();
        var names = list.SelectMany(message => message.Contents.OfType<FunctionCallContent>()).GroupBy(call => call.CallId, StringComparer.Ordinal).ToDictionary(calls => calls.Key, calls => calls.Last().Name, StringComparer.Ordinal);
        var read = new List<JsonObject>();
        foreach (var message in list) Add(message);
        return form is { OneCallEachTurn: true } ? InPairs(read) : read;

        void Add(ChatMessage message)
        {
            if (message.Role == ChatRole.Tool)
            {
                foreach (var content in message.Contents)
                    read.Add(content is FunctionResultContent result ? Result(result, names, Required(form)) : throw Refused(message, content, "results of functions"));
                return;
            }

            if (message.Role != ChatRole.System && message.Role != ChatRole.User && message.Role != ChatRole.Assistant)
                throw new NotSupportedException($"A message has the role '{message.Role}'; this engine takes system, user, assistant and tool.");
            foreach (var content in message.Contents)
                if (content is not TextContent && !(content is FunctionCallContent && message.Role == ChatRole.Assistant))
                    throw Refused(message, content, message.Role == ChatRole.Assistant ? "text and calls of functions" : "text");
            var entry = new JsonObject { ["role"] = message.Role.Value, ["content"] = string.Concat(message.Contents.OfType<TextContent>().Select(content => content.Text)) };
            JsonNode[] calls = [.. message.Contents.OfType<FunctionCallContent>().Select(call => Call(call, Required(form)))];
            if (calls.Length > 0) entry["tool_calls"] = new JsonArray(calls);
            read.Add(entry);
        }
    }

    /// <summary>A function as templates list it. Some of them read properties and description without asking whether there are any.</summary>
    public static JsonObject Tool(AIFunctionDeclaration function)
    {
        var parameters = JsonNode.Parse(function.JsonSchema.GetRawText()) as JsonObject ?? [];
        parameters.Remove("$schema");
        if (parameters["condition"] is JsonValue) parameters.Remove("condition"); // Semantic Kernel repeats the description under this name
        parameters.TryAdd("type", "object");
        parameters.TryAdd("properties", new JsonObject());
        return new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = function.Name, ["description"] = function.Description ?? "", ["parameters"] = parameters },
        };
    }

    private static JsonObject Call(FunctionCallContent call, ToolForm form) => new()
    {
        ["id"] = form.CallId(call.CallId),
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = JsonSerializer.SerializeToNode(call.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal), AIJsonUtilities.DefaultOptions),
        },
    };

    private static JsonObject Result(FunctionResultContent result, Dictionary<string, string> names, ToolForm form)
    {
        var entry = new JsonObject { ["role"] = "tool", ["tool_call_id"] = form.CallId(result.CallId), ["content"] = Text(result) };
        if (names.TryGetValue(result.CallId, out var name)) entry["name"] = name;
        return entry;
    }

    private static string Text(FunctionResultContent result) => result.Result switch
    {
        null => result.Exception is { } error ? "Error: " + error.Message : "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        TextContent content => content.Text,
        var value => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions),
    };

    /// <summary>A turn of several calls as several turns of one, each followed by its result.</summary>
    private static List<JsonObject> InPairs(List<JsonObject> messages)
    {
        var pairs = new List<JsonObject>();
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i]["tool_calls"] is not JsonArray { Count: > 1 } calls)
            {
                pairs.Add(messages[i]);
                continue;
            }

            var results = messages.Skip(i + 1).TakeWhile(message => message["role"]!.GetValue<string>() == "tool").ToList();
            i += results.Count;
            foreach (var call in calls)
            {
                pairs.Add(new JsonObject { ["role"] = "assistant", ["content"] = messages[i - results.Count]["content"]!.DeepClone(), ["tool_calls"] = new JsonArray(call!.DeepClone()) });
                pairs.AddRange(results.Where(result => result["tool_call_id"]!.GetValue<string>() == call!["id"]!.GetValue<string>()));
            }
        }

        return pairs;
    }

    private static ToolForm Required(ToolForm? form) => form
        ?? throw new NotSupportedException("The conversation holds calls of functions, but the model's chat template has no place for them. Choose a model that was trained to call functions.");

    private static NotSupportedException Refused(ChatMessage message, AIContent content, string taken) =>
        new($"A message of the role '{message.Role}' holds {content.GetType().Name}; this engine takes {taken} there.");
}

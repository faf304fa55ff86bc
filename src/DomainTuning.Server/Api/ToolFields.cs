using System.Text.Json;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>What an answer may be besides text: calls of functions, or JSON of a given form. The engine holds the answer to it token by token.</summary>
internal static class ToolFields
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement.Clone();

    public static List<AITool> ReadTools(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) throw ApiException.BadRequest("'tools' must be an array.", "tools");
        return [.. value.EnumerateArray().Select(Tool)];
    }

    public static ChatToolMode ReadChoice(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            var type = value.Required("type", "tool_choice").Text("tool_choice.type");
            if (type != "function") throw ApiException.BadRequest($"'tool_choice' is of type '{type}'; a function can be chosen: {{\"type\": \"function\", \"function\": {{\"name\": …}}}}.", "tool_choice");
            return ChatToolMode.RequireSpecific(value.Required("function", "tool_choice").Required("name", "tool_choice.function").Text("tool_choice.function.name"));
        }

        return value.Text("tool_choice") switch
        {
            "none" => ChatToolMode.None,
            "auto" => ChatToolMode.Auto,
            "required" => ChatToolMode.RequireAny,
            var other => throw ApiException.BadRequest($"'tool_choice' is '{other}'; none, auto, required or a function is expected.", "tool_choice"),
        };
    }

    public static ChatResponseFormat ReadFormat(JsonElement value)
    {
        switch (value.Required("type", "response_format").Text("response_format.type"))
        {
            case "text": return ChatResponseFormat.Text;
            case "json_object": return ChatResponseFormat.Json;
            case "json_schema":
                var format = value.Required("json_schema", "response_format");
                return ChatResponseFormat.ForJsonSchema(
                    format.Required("schema", "response_format.json_schema").Clone(), format.Optional("name")?.Text("response_format.json_schema.name"),
                    format.Optional("description")?.Text("response_format.json_schema.description"));
            case var other: throw ApiException.BadRequest($"'response_format' is of type '{other}'; text, json_object or json_schema is expected.", "response_format");
        }
    }

    private static AIFunctionDeclaration Tool(JsonElement tool, int number)
    {
        var place = $"tools[{number}]";
        var type = tool.Required("type", place).Text(place + ".type");
        if (type != "function") throw ApiException.BadRequest($"{place} is of type '{type}'; functions are supported.", "tools");
        var function = tool.Required("function", place);
        return AIFunctionFactory.CreateDeclaration(
            function.Required("name", place).Text(place + ".function.name"), function.Optional("description")?.Text(place + ".function.description"),
            function.Optional("parameters")?.Clone() ?? NoParameters);
    }
}

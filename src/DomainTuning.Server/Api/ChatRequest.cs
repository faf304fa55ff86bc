using System.Text.Json;
using DomainTuning.Answering;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>
/// A body of POST /v1/chat/completions, read into types (OpenAI API reference, "Create chat completion"). What the engine can honour is read, what
/// changes nothing is passed over, and everything else is refused by name: a parameter that is silently ignored gives answers that nobody asked for.
/// </summary>
internal sealed record ChatRequest
{
    private const int MostChoices = 16;

    private const int MostLogProbabilities = 20;

    /// <summary>Accepted without effect: they steer another vendor's storage, billing or routing, never the answer.</summary>
    private static readonly string[] Harmless = ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"];

    public required ArmId Arm { get; init; }

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public ChatOptions Options { get; } = new();

    public bool Stream { get; private set; }

    public bool IncludeUsage { get; private set; }

    /// <summary>How many answers are written.</summary>
    public int Choices { get; private set; } = 1;

    /// <summary>The first call of a function ends the answer (parallel_tool_calls: false).</summary>
    public bool OneCall { get; private set; }

    /// <summary>Id of the conversation that question and answer are saved in; null: in none.</summary>
    public string? Conversation { get; private set; }

    /// <summary>What narrows the search of an arm with a corpus, and how many passages are read.</summary>
    public PassageFields Passages { get; } = new();

    public static ChatRequest Parse(JsonElement body)
    {
        var request = new ChatRequest
        {
            Arm = ReadArm(body),
            Messages = ChatMessages.Read(body.Optional("messages") ?? throw ApiException.BadRequest("'messages' is missing.", "messages")),
        };
        foreach (var (name, value) in body.Fields())
            if (!Harmless.Contains(name) && !SamplingFields.TryRead(name, value, request.Options) && !request.Passages.TryRead(name, value) && !request.TryRead(name, value, body))
                throw RequestFields.Unknown(name);
        request.CheckArm();
        return request;
    }

    /// <summary>The model id of a request.</summary>
    public static ArmId ReadArm(JsonElement body)
    {
        try
        {
            return ArmId.Parse((body.Optional("model") ?? throw ApiException.BadRequest("'model' is missing. GET /v1/models lists the ids.", "model")).Text("model"));
        }
        catch (FormatException e)
        {
            throw ApiException.BadRequest(e.Message, "model");
        }
    }

    private bool TryRead(string name, JsonElement value, JsonElement body)
    {
        switch (name)
        {
            case "model" or "messages": break;
            case "stream": Stream = value.Truth(name); break;
            case "stream_options": IncludeUsage = value.Optional("include_usage")?.Truth("stream_options.include_usage") ?? false; break;
            case "n": Choices = (int)value.Whole(name, 1, MostChoices); break;
            case "logprobs": if (value.Truth(name)) SamplingFields.Additional(Options)[name] = true; break;
            case "top_logprobs": ReadTopLogProbabilities(value, body); break;
            case "response_format": Options.ResponseFormat = ToolFields.ReadFormat(value); break;
            case "tools": Options.Tools = ToolFields.ReadTools(value); break;
            case "tool_choice": Options.ToolMode = ToolFields.ReadChoice(value); break;
            case "conversation": Conversation = value.Text(name); break;
            case "parallel_tool_calls": OneCall = !value.Truth(name); break;
            case "modalities" when value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(kind => kind.ValueEquals("text")): break;
            default: return false;
        }

        return true;
    }

    private void ReadTopLogProbabilities(JsonElement value, JsonElement body)
    {
        var top = value.Whole("top_logprobs", 0, MostLogProbabilities);
        if (body.Optional("logprobs") is not { ValueKind: JsonValueKind.True }) throw ApiException.BadRequest("'top_logprobs' needs 'logprobs': true.", "top_logprobs");
        SamplingFields.Additional(Options)["top_logprobs"] = (float)top;
    }

    /// <summary>What an arm cannot do whatever its model is.</summary>
    private void CheckArm()
    {
        if (Options.ToolMode is RequiredChatToolMode && Options.Tools is not { Count: > 0 }) throw ApiException.BadRequest("'tool_choice' requires a call, but 'tools' is empty.", "tool_choice");
        if (Arm.Corpus is null)
        {
            if (Passages.FirstGiven is { } given) throw ApiException.BadRequest($"'{given}' is about the documents of a corpus; this model id names none.", given);
            if (Messages[^1].Role == ChatRole.Assistant) throw ApiException.BadRequest("The last message must be the user's, or the result of a tool.", "messages");
            return;
        }

        if (Messages[^1].Role != ChatRole.User) throw ApiException.BadRequest("The last message must be the user's.", "messages");
        var refused = Options.ResponseFormat is ChatResponseFormatJson ? "response_format"
            : Options.Tools is { Count: > 0 } && Options.ToolMode is not NoneChatToolMode ? "tools"
            : Options.AdditionalProperties?.ContainsKey("logprobs") == true ? "logprobs"
            : null;
        if (refused is not null)
            throw ApiException.BadRequest($"'{refused}' cannot be honoured with '{Arm}': an answer from documents is composed of quotes and of sentences that they support. Ask '{Arm with { Corpus = null }}', with passages from POST /v1/search.", refused);
        if (Choices > 1 && Arm.IsExtractive) throw ApiException.BadRequest($"'n' is {Choices}, but '{Arm}' writes nothing: its quotes would be the same each time. Leave 'n' out.", "n");
    }
}

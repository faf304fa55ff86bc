using System.Globalization;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>What of <see cref="ChatOptions"/> the engine honours, read and checked. What it cannot honour is refused by name, never ignored.</summary>
internal sealed record ChatRequest(IReadOnlyList<ChatMessage> Messages, SamplingOptions Sampling, int MaxOutputTokens, IReadOnlyList<string> StopSequences, string? Adapter)
{
    private static readonly string[] KnownProperties = ["min_p", "repetition_penalty"];

    /// <exception cref="NotSupportedException">Something is asked for that the engine does not do.</exception>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? options, string modelId, ChatEngineOptions engine)
    {
        var list = messages.ToList();
        if (options?.Instructions is { Length: > 0 } instructions) list.Insert(0, new ChatMessage(ChatRole.System, instructions));
        if (list.Count == 0) throw new ArgumentException("There are no messages to answer.", nameof(messages));
        Refuse(options);
        var sampling = new SamplingOptions
        {
            Temperature = options?.Temperature ?? engine.Temperature,
            TopK = options?.TopK ?? 0,
            TopP = options?.TopP ?? 1,
            MinP = Number(options, "min_p") ?? 0,
            RepetitionPenalty = Number(options, "repetition_penalty") ?? 1,
            FrequencyPenalty = options?.FrequencyPenalty ?? 0,
            PresencePenalty = options?.PresencePenalty ?? 0,
            Seed = options?.Seed,
        };
        sampling.Validate();
        var maxTokens = options?.MaxOutputTokens ?? engine.MaxOutputTokens;
        if (maxTokens < 1) throw new ArgumentException($"MaxOutputTokens is {maxTokens}; it must be 1 or more.");
        var stops = options?.StopSequences ?? [];
        if (stops.Any(string.IsNullOrEmpty)) throw new ArgumentException("A stop sequence is empty, which would end every answer before it begins.");
        return new ChatRequest(list, sampling, maxTokens, [.. stops], AdapterOf(options?.ModelId, modelId));
    }

    /// <summary>The adapter that a model id names; null for the model as it is.</summary>
    /// <exception cref="NotSupportedException">It names another model.</exception>
    public static string? AdapterOf(string? asked, string modelId) =>
        asked is null || asked == modelId ? null
        : asked.StartsWith(modelId + ":", StringComparison.Ordinal) && asked.Length > modelId.Length + 1 ? asked[(modelId.Length + 1)..]
        : throw new NotSupportedException($"The model id is '{asked}'; this client runs '{modelId}' and its adapters, '{modelId}:<adapter>'.");

    private static void Refuse(ChatOptions? options)
    {
        if (options is null) return;
        if (options.Tools is { Count: > 0 } && options.ToolMode is not NoneChatToolMode)
            throw new NotSupportedException("ChatOptions.Tools is set; this engine does not call tools. Leave it empty, or set ToolMode to None.");
        if (options.ResponseFormat is not (null or ChatResponseFormatText))
            throw new NotSupportedException($"ChatOptions.ResponseFormat is {options.ResponseFormat.GetType().Name}; this engine cannot hold an answer to a format. Ask for text.");
        if (options.ConversationId is not null) throw new NotSupportedException("ChatOptions.ConversationId is set; this engine keeps no conversations. Send the whole history.");
        if (options.Reasoning is not null) throw new NotSupportedException("ChatOptions.Reasoning is set; this engine has no separate reasoning. Leave it unset.");
        foreach (var key in options.AdditionalProperties?.Keys ?? Enumerable.Empty<string>())
            if (!KnownProperties.Contains(key))
                throw new NotSupportedException($"ChatOptions.AdditionalProperties has '{key}'; known are {string.Join(" and ", KnownProperties)}.");
    }

    private static float? Number(ChatOptions? options, string key)
    {
        if (options?.AdditionalProperties is not { } properties || !properties.TryGetValue(key, out var value) || value is null) return null;
        try
        {
            return value is System.Text.Json.JsonElement element ? element.GetSingle() : Convert.ToSingle(value, CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is FormatException or InvalidCastException or InvalidOperationException or OverflowException)
        {
            throw new ArgumentException($"ChatOptions.AdditionalProperties['{key}'] is '{value}'; it must be a number.", error);
        }
    }
}

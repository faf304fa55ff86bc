using System.Globalization;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>What of <see cref="ChatOptions"/> the engine honours, read and checked. What it cannot honour is refused by name, never ignored.</summary>
internal sealed record ChatRequest(IReadOnlyList<ChatMessage> Messages, SamplingOptions Sampling, int MaxOutputTokens, IReadOnlyList<string> StopSequences, string? Adapter)
{
    private const int MostLogProbabilities = 20;

    private static readonly string[] KnownProperties = ["min_p", "repetition_penalty", "logprobs", "top_logprobs"];

    /// <summary>Functions that the model is offered; none where it may not call any.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Functions { get; private init; } = [];

    /// <summary>Those of which it must call one; none where it need not.</summary>
    public IReadOnlyList<AIFunctionDeclaration> RequiredFunctions { get; private init; } = [];

    /// <summary>The JSON that the answer must be; null: it is text.</summary>
    public ChatResponseFormatJson? Json { get; private init; }

    /// <summary>How many of the likeliest tokens are reported beside each token of the answer; null: no probabilities at all.</summary>
    public int? LogProbabilities { get; private init; }

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
        var functions = FunctionsOf(options);
        return new ChatRequest(list, sampling, maxTokens, [.. stops], AdapterOf(options?.ModelId, modelId))
        {
            Functions = functions,
            RequiredFunctions = Required(options?.ToolMode, functions),
            Json = options?.ResponseFormat as ChatResponseFormatJson,
            LogProbabilities = LogProbabilitiesOf(options),
        };
    }

    private static AIFunctionDeclaration[] FunctionsOf(ChatOptions? options)
    {
        if (options?.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode) return [];
        if (tools.FirstOrDefault(tool => tool is not AIFunctionDeclaration) is { } other)
            throw new NotSupportedException($"ChatOptions.Tools holds a {other.GetType().Name}; this engine calls functions (AIFunction, AIFunctionDeclaration) only.");
        AIFunctionDeclaration[] functions = [.. tools.Cast<AIFunctionDeclaration>()];
        if (functions.GroupBy(function => function.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"ChatOptions.Tools has two functions named '{twice.Key}'; a call could not say which is meant.");
        return functions;
    }

    private static AIFunctionDeclaration[] Required(ChatToolMode? mode, AIFunctionDeclaration[] functions)
    {
        if (mode is not RequiredChatToolMode { RequiredFunctionName: var name }) return [];
        if (functions.Length == 0) throw new ArgumentException("ChatOptions.ToolMode requires a call, but Tools is empty.");
        if (name is null) return functions;
        return Array.FindAll(functions, function => function.Name == name) is { Length: 1 } one
            ? one
            : throw new ArgumentException($"ChatOptions.ToolMode requires '{name}', but Tools has {string.Join(", ", functions.Select(function => function.Name))}.");
    }

    private static int? LogProbabilitiesOf(ChatOptions? options)
    {
        var wanted = options?.AdditionalProperties?.GetValueOrDefault("logprobs") switch
        {
            null => false,
            bool flag => flag,
            System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False } element => element.GetBoolean(),
            var other => throw new ArgumentException($"ChatOptions.AdditionalProperties['logprobs'] is '{other}'; it must be true or false."),
        };
        var top = Number(options, "top_logprobs");
        if (top is not null && !wanted) throw new ArgumentException("ChatOptions.AdditionalProperties has 'top_logprobs' without 'logprobs'; set that to true.");
        if (top is not (null or (>= 0 and <= MostLogProbabilities)) || top != MathF.Floor(top ?? 0) && top is not null)
            throw new ArgumentException(FormattableString.Invariant($"ChatOptions.AdditionalProperties['top_logprobs'] is {top}; it must be a whole number from 0 to {MostLogProbabilities}."));
        return wanted ? (int)(top ?? 0) : null;
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
        if (options.ResponseFormat is not (null or ChatResponseFormatText or ChatResponseFormatJson))
            throw new NotSupportedException($"ChatOptions.ResponseFormat is {options.ResponseFormat.GetType().Name}; this engine writes text or JSON.");
        if (options.ConversationId is not null) throw new NotSupportedException("ChatOptions.ConversationId is set; this engine keeps no conversations. Send the whole history.");
        if (options.Reasoning is not null) throw new NotSupportedException("ChatOptions.Reasoning is set; this engine has no separate reasoning. Leave it unset.");
        foreach (var key in options.AdditionalProperties?.Keys ?? Enumerable.Empty<string>())
            if (!KnownProperties.Contains(key))
                throw new NotSupportedException($"ChatOptions.AdditionalProperties has '{key}'; known are {string.Join(", ", KnownProperties)}.");
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

using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>The parameters that say how a model draws its answer; chat and text completions share them.</summary>
internal static class SamplingFields
{
    private const int MostStops = 16;

    /// <summary>What OpenAI's interface has no name for: another server's model would never be told, so it is refused there.</summary>
    private static readonly string[] EngineOnly = ["min_p", "repetition_penalty", "logprobs"];

    /// <summary>Puts one parameter into the options; false when it is none of these.</summary>
    public static bool TryRead(string name, JsonElement value, ChatOptions options)
    {
        switch (name)
        {
            case "temperature": options.Temperature = value.Number(name, 0, 2); break;
            case "top_p": options.TopP = Math.Max(value.Number(name, 0, 1), float.Epsilon); break; // 0 keeps the likeliest token, as with OpenAI
            case "top_k": options.TopK = (int)value.Whole(name, 0, int.MaxValue); break;
            case "min_p": Additional(options)[name] = value.Number(name, 0, 1); break;
            case "repetition_penalty": Additional(options)[name] = value.Number(name, 0.01f, 10); break;
            case "frequency_penalty": options.FrequencyPenalty = value.Number(name, -2, 2); break;
            case "presence_penalty": options.PresencePenalty = value.Number(name, -2, 2); break;
            case "seed": options.Seed = value.Whole(name, long.MinValue, long.MaxValue); break;
            case "max_tokens" or "max_completion_tokens": options.MaxOutputTokens = (int)value.Whole(name, 1, int.MaxValue); break;
            case "stop": options.StopSequences = Stops(value); break;
            case "logit_bias" when value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(): break;
            default: return false;
        }

        return true;
    }

    public static AdditionalPropertiesDictionary Additional(ChatOptions options) => options.AdditionalProperties ??= [];

    /// <summary>Refuses what a model that another server runs would not be told.</summary>
    public static void CheckFor(IChatClient model, ChatOptions options)
    {
        if (model.GetService(typeof(OnnxChatClient)) is not null) return;
        var name = options.TopK is not null ? "top_k" : EngineOnly.FirstOrDefault(key => options.AdditionalProperties?.ContainsKey(key) == true);
        if (name is not null) throw ApiException.BadRequest($"Another server runs this model, and '{name}' does not reach it. Leave it out, or choose a model that runs here.", name);
    }

    /// <summary>For an answer from documents: the same sampling, for the sentences that the model writes.</summary>
    public static AnsweringOptions Into(AnsweringOptions answering, ChatOptions options) => answering with
    {
        Temperature = options.Temperature ?? answering.Temperature,
        MaxOutputTokens = options.MaxOutputTokens is { } most ? Math.Min(most, answering.ContextTokens / 2) : answering.MaxOutputTokens,
        Sampling = new AnswerSampling
        {
            TopP = options.TopP,
            TopK = options.TopK,
            MinP = (float?)options.AdditionalProperties?.GetValueOrDefault("min_p"),
            RepetitionPenalty = (float?)options.AdditionalProperties?.GetValueOrDefault("repetition_penalty"),
            FrequencyPenalty = options.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty,
            Seed = options.Seed,
            StopSequences = [.. options.StopSequences ?? []],
        },
    };

    private static List<string> Stops(JsonElement value)
    {
        var stops = value.OneOrMoreTexts("stop");
        return stops.Count <= MostStops && stops.TrueForAll(stop => stop.Length > 0)
            ? stops
            : throw ApiException.BadRequest($"'stop' takes up to {MostStops} texts that are not empty.", "stop");
    }
}

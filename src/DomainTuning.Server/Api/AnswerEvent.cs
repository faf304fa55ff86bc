using DomainTuning.Answering;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>What every kind of arm gives: pieces to append, then one with an <see cref="End"/>.</summary>
internal sealed record AnswerEvent
{
    public string? Text { get; init; }

    public IReadOnlyList<FunctionCallContent> Calls { get; init; } = [];

    /// <summary>Of the tokens read since the last event; none where they were not asked for.</summary>
    public IReadOnlyList<TokenLogProbability> LogProbabilities { get; init; } = [];

    public AnswerEnd? End { get; init; }
}

/// <param name="FinishReason">"stop", "length" or "tool_calls".</param>
/// <param name="Answer">What was found and quoted; null for a model without documents.</param>
internal sealed record AnswerEnd(string FinishReason, TokenCounts Tokens, Answer? Answer = null);

/// <param name="Cached">Those of the prompt that were not read again.</param>
internal readonly record struct TokenCounts(int Prompt, int Completion, int Cached)
{
    /// <summary>Several answers to one prompt: it is counted once.</summary>
    public TokenCounts Beside(TokenCounts other) => new(Math.Max(Prompt, other.Prompt), Completion + other.Completion, Math.Max(Cached, other.Cached));

    public static TokenCounts Of(UsageDetails usage) => new((int)(usage.InputTokenCount ?? 0), (int)(usage.OutputTokenCount ?? 0), (int)(usage.CachedInputTokenCount ?? 0));
}

using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Answering;
using DomainTuning.Documents;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>Answers of POST /v1/chat/completions, whole and in chunks, in OpenAI's shape plus <c>citations</c> where documents were read.</summary>
internal sealed record CompletionBody(string Id, string Object, long Created, string Model, IReadOnlyList<Choice> Choices, UsageBody? Usage);

/// <summary>One choice: <see cref="Message"/> in a whole answer, <see cref="Delta"/> in a chunk.</summary>
internal sealed record Choice(int Index, MessageBody? Message, MessageBody? Delta, string? FinishReason, LogProbabilitiesBody? Logprobs = null);

/// <param name="NotInDocuments">True when the documents do not answer; left out otherwise.</param>
internal sealed record MessageBody(
    string? Role, string? Content, IReadOnlyList<ToolCallBody>? ToolCalls = null, IReadOnlyList<CitationBody>? Citations = null, bool? NotInDocuments = null)
{
    /// <summary>What is known at the end of an answer only.</summary>
    public static MessageBody Closing(Answer? answer) => answer is null
        ? new(null, null)
        : new(null, null, null, [.. answer.Citations.Select(CitationBody.From)], answer.NotInDocuments ? true : null);
}

/// <param name="Index">Place among the calls of the answer, in chunks only.</param>
internal sealed record ToolCallBody(int? Index, string Id, string Type, CalledFunctionBody Function)
{
    /// <param name="first">Number of the first call in a chunk; null in a whole answer.</param>
    public static IReadOnlyList<ToolCallBody>? From(IReadOnlyList<FunctionCallContent> calls, int? first) => calls.Count == 0
        ? null
        : [.. calls.Select((call, i) => new ToolCallBody(first + i, call.CallId, "function", new CalledFunctionBody(call.Name, JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions))))];
}

/// <param name="Arguments">A JSON object, as text.</param>
internal sealed record CalledFunctionBody(string Name, string Arguments);

internal sealed record LogProbabilitiesBody(IReadOnlyList<TokenBody> Content)
{
    public static LogProbabilitiesBody None { get; } = new([]);

    public static LogProbabilitiesBody? From(IReadOnlyList<TokenLogProbability> drawn) => drawn.Count == 0 ? null : new([.. drawn.Select(TokenBody.From)]);
}

/// <param name="Bytes">What the token adds to the text; a character may be spread over several tokens.</param>
internal sealed record TokenBody(string Token, double Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TokenBody>? TopLogprobs)
{
    public static TokenBody From(TokenLogProbability token) => Of(token) with { TopLogprobs = [.. token.Top.Select(Of)] };

    private static TokenBody Of(TokenLogProbability token) => new(token.Text, token.LogProbability, [.. token.Bytes.ToArray().Select(value => (int)value)], null);
}

internal sealed record UsageBody(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensBody PromptTokensDetails)
{
    public static UsageBody From(TokenCounts tokens) => new(tokens.Prompt, tokens.Completion, tokens.Prompt + tokens.Completion, new PromptTokensBody(tokens.Cached));
}

internal sealed record PromptTokensBody(int CachedTokens);

/// <param name="Page">Physical page, from 1; what <c>#page=</c> takes in a browser.</param>
/// <param name="Boxes">[left, top, right, bottom] a printed line, in points from the page's top-left corner.</param>
internal sealed record CitationBody(
    int Number, string File, string DocumentId, int Page, string? PageLabel, IReadOnlyList<double[]> Boxes, string Quote, double Score, string ChunkId)
{
    public static CitationBody From(Citation citation) => new(
        citation.Number, citation.File, citation.DocumentId.Value, citation.Page, citation.PageLabel,
        [.. citation.Boxes.Select(BoxBody.From)], citation.Quote, BoxBody.Round(citation.Score), citation.ChunkId.ToString());
}

/// <summary>A box as it travels: [left, top, right, bottom].</summary>
internal static class BoxBody
{
    public static double[] From(Box box) => [Round(box.Left), Round(box.Top), Round(box.Right), Round(box.Bottom)];

    public static double Round(double value) => Math.Round(value, 3);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CompletionBody))]
[JsonSerializable(typeof(TextCompletionBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelBody))]
[JsonSerializable(typeof(EmbeddingList))]
[JsonSerializable(typeof(RerankBody))]
internal sealed partial class ApiJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using DomainTuning.Answering;

namespace DomainTuning.Server.Api;

/// <summary>Answers of POST /v1/chat/completions, whole and in chunks, in OpenAI's shape plus <c>citations</c> where documents were read.</summary>
internal sealed record CompletionBody(string Id, string Object, long Created, string Model, IReadOnlyList<Choice> Choices, UsageBody? Usage);

/// <summary>One choice: <see cref="Message"/> in a whole answer, <see cref="Delta"/> in a chunk.</summary>
internal sealed record Choice(int Index, MessageBody? Message, MessageBody? Delta, string? FinishReason);

/// <param name="NotInDocuments">True when the documents do not answer; left out otherwise.</param>
internal sealed record MessageBody(string? Role, string? Content, IReadOnlyList<CitationBody>? Citations = null, bool? NotInDocuments = null);

internal sealed record UsageBody(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;
}

/// <param name="Page">Physical page, from 1; what <c>#page=</c> takes in a browser.</param>
/// <param name="Boxes">[left, top, right, bottom] a printed line, in points from the page's top-left corner.</param>
internal sealed record CitationBody(
    int Number, string File, string DocumentId, int Page, string? PageLabel, IReadOnlyList<double[]> Boxes, string Quote, double Score, string ChunkId)
{
    public static CitationBody From(Citation citation) => new(
        citation.Number, citation.File, citation.DocumentId.Value, citation.Page, citation.PageLabel,
        [.. citation.Boxes.Select(box => new[] { Round(box.Left), Round(box.Top), Round(box.Right), Round(box.Bottom) })],
        citation.Quote, Round(citation.Score), citation.ChunkId.ToString());

    private static double Round(double value) => Math.Round(value, 3);
}

internal sealed record ModelList(string Object, IReadOnlyList<ModelBody> Data);

internal sealed record ModelBody(string Id, string Object, long Created, string OwnedBy);

internal sealed record HealthBody(string Status, string Version, IReadOnlyList<string> Corpora);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CompletionBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class ApiJson : JsonSerializerContext;

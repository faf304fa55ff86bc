using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Arms;
using DomainTuning.Retrieval;
using DomainTuning.Server.Operations;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/search: the passages of a corpus that fit a query, without an answer.</summary>
internal static class SearchEndpoint
{
    private const int MostPassages = 100;

    public static async Task HandleAsync(HttpContext context, ArmCatalog arms, Measurements measurements)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var request = Parse(body.RootElement);
        var corpus = await arms.CorpusAsync(request.Corpus ?? arms.DefaultCorpus(), context.RequestAborted).ConfigureAwait(false);
        var filter = await request.Passages.FilterAsync(corpus, context.RequestAborted).ConfigureAwait(false);
        var options = arms.Retrieval with { Top = request.Top ?? request.Passages.Count ?? arms.Retrieval.Top };
        using var lap = measurements.Retrieval(corpus.Name);
        var found = await corpus.Retriever.SearchAsync(request.Query, options, filter, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(
            new SearchBody("list", corpus.Name, [.. found.Select(PassageBody.From)]), SearchJson.Default.SearchBody, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private sealed record SearchRequest(string? Corpus, string Query, int? Top)
    {
        public PassageFields Passages { get; } = new();
    }

    private static SearchRequest Parse(JsonElement body)
    {
        var request = new SearchRequest(null, "", null);
        foreach (var (name, value) in body.Fields())
            request = name switch
            {
                "corpus" => request with { Corpus = value.Text(name) },
                "query" => request with { Query = value.Text(name) },
                "top_k" => request with { Top = (int)value.Whole(name, 1, MostPassages) },
                _ when request.Passages.TryRead(name, value) => request,
                _ => throw RequestFields.Unknown(name),
            };
        return string.IsNullOrWhiteSpace(request.Query) ? throw ApiException.BadRequest("'query' is missing.", "query") : request;
    }
}

internal sealed record SearchBody(string Object, string Corpus, IReadOnlyList<PassageBody> Data);

/// <param name="Score">The fused score, or the reranker's where there is one; compares only within one search.</param>
/// <param name="Dense">Cosine; null when the search by meaning did not return the passage.</param>
/// <param name="Lexical">BM25; null when the search by words did not return it.</param>
/// <param name="Page">Physical page on which it starts, from 1.</param>
internal sealed record PassageBody(
    int Rank, double Score, double? Dense, double? Lexical, double? Reranked, string ChunkId, string DocumentId, string File, int Page, int LastPage,
    IReadOnlyList<string> Headings, string Text, IReadOnlyList<PartBody> Parts, IReadOnlyList<string> Tags)
{
    public static PassageBody From(RankedChunk found) => new(
        found.Rank, BoxBody.Round(found.Score), Rounded(found.Dense), Rounded(found.Lexical), Rounded(found.Reranked), found.Chunk.Id.ToString(), found.Chunk.DocumentId.Value,
        found.DocumentPath, found.Chunk.FirstPage, found.Chunk.LastPage, found.Chunk.HeadingPath, found.Chunk.Text,
        [.. found.Chunk.Parts.Select(part => new PartBody(part.Page, part.Start, part.Length, part.Box.IsNone ? null : BoxBody.From(part.Box)))], found.Chunk.Tags);

    private static double? Rounded(double? value) => value is { } number ? BoxBody.Round(number) : null;
}

/// <summary>A stretch of a passage's text and where it stands.</summary>
/// <param name="Box">[left, top, right, bottom] in points from the page's top-left corner; null for formats without pages.</param>
internal sealed record PartBody(int Page, int Start, int Length, double[]? Box);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SearchBody))]
internal sealed partial class SearchJson : JsonSerializerContext;

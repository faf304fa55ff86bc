using System.Text.Json.Serialization;
using DomainTuning.Arms;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Server.Api;

namespace DomainTuning.Server.Documents;

/// <summary>/v1/corpora: what there is to ask, its documents, their pages, and how to take one out.</summary>
internal static class CorpusEndpoint
{
    public static void MapCorpora(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/corpora", ListAsync);
        app.MapGet("/v1/corpora/{corpus}/documents", DocumentsAsync);
        app.MapPost("/v1/corpora/{corpus}/documents", UploadEndpoint.HandleAsync);
        app.MapGet("/v1/corpora/{corpus}/documents/{id}", DocumentAsync);
        app.MapDelete("/v1/corpora/{corpus}/documents/{id}", DeleteAsync);
        app.MapGet("/v1/corpora/{corpus}/documents/{id}/file", FileEndpoint.FileAsync);
        app.MapGet("/v1/corpora/{corpus}/documents/{id}/pages/{page:int}", PageAsync);
        app.MapGet("/v1/corpora/{corpus}/documents/{id}/pages/{page:int}/drawing", DrawingAsync);
        app.MapGet("/v1/corpora/{corpus}/documents/{id}/pages/{page:int}/image", FileEndpoint.ImageAsync);
    }

    public static async Task<(OpenCorpus Corpus, IndexedDocument Document)> FindAsync(ArmCatalog arms, string corpus, string id, CancellationToken cancellationToken)
    {
        var open = await arms.CorpusAsync(corpus, cancellationToken).ConfigureAwait(false);
        var document = (await open.Index.DocumentsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(document => document.Id.Value == id);
        return document is null ? throw new ApiException(404, $"Corpus '{corpus}' has no document '{id}'. It may have been replaced by a newer version.", code: "document_not_found") : (open, document);
    }

    private static async Task ListAsync(HttpContext context, ArmCatalog arms)
    {
        var corpora = new List<CorpusBody>();
        foreach (var name in arms.Corpora)
        {
            var corpus = await arms.CorpusAsync(name, context.RequestAborted).ConfigureAwait(false);
            var documents = await corpus.Index.DocumentsAsync(context.RequestAborted).ConfigureAwait(false);
            corpora.Add(new CorpusBody(
                name, "corpus", documents.Count, documents.Sum(document => document.Pages), documents.Sum(document => document.Chunks), corpus.Index.Manifest.Embedder.Id,
                [.. documents.SelectMany(document => document.Tags).Distinct().Order(StringComparer.Ordinal)]));
        }

        await context.Response.WriteAsJsonAsync(new ListBody<CorpusBody>("list", corpora), DocumentJson.Default.ListBodyCorpusBody).ConfigureAwait(false);
    }

    private static async Task DocumentsAsync(HttpContext context, ArmCatalog arms, DocumentFiles files, string corpus)
    {
        var open = await arms.CorpusAsync(corpus, context.RequestAborted).ConfigureAwait(false);
        var documents = await open.Index.DocumentsAsync(context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(
            new ListBody<DocumentBody>("list", [.. documents.Select(document => DocumentBody.From(document, files.Find(corpus, document) is not null))]), DocumentJson.Default.ListBodyDocumentBody).ConfigureAwait(false);
    }

    private static async Task DocumentAsync(HttpContext context, ArmCatalog arms, DocumentFiles files, string corpus, string id)
    {
        var (_, document) = await FindAsync(arms, corpus, id, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(DocumentBody.From(document, files.Find(corpus, document) is not null), DocumentJson.Default.DocumentBody).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, ArmCatalog arms, CorpusWriter writer, DocumentFiles files, string corpus, string id)
    {
        var (_, document) = await FindAsync(arms, corpus, id, context.RequestAborted).ConfigureAwait(false);
        await writer.DeleteAsync(corpus, document.Id, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(new DeletedBody(id, "document.deleted", true, files.Remove(corpus, document)), DocumentJson.Default.DeletedBody).ConfigureAwait(false);
    }

    private static async Task PageAsync(HttpContext context, ArmCatalog arms, string corpus, string id, int page)
    {
        var text = await PageTextAsync(context, arms, corpus, id, page).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(
            new PageBody(text.Number, text.Label, text.Width, text.Height, text.Text, [.. text.Lines.Select(line => new LineBody(line.Start, line.Length, line.Box.IsNone ? null : BoxBody.From(line.Box)))]),
            DocumentJson.Default.PageBody).ConfigureAwait(false);
    }

    private static async Task DrawingAsync(HttpContext context, ArmCatalog arms, string corpus, string id, int page)
    {
        var text = await PageTextAsync(context, arms, corpus, id, page).ConfigureAwait(false);
        var drawing = PageDrawing.Draw(text) ?? throw new ApiException(404, "This format has no pages to draw. GET …/pages/1 gives its text.", code: "no_image");
        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'"; // it holds letters and boxes, and so it may be opened by itself
        context.Response.Headers.CacheControl = "private, max-age=3600";
        context.Response.ContentType = "image/svg+xml; charset=utf-8";
        await context.Response.WriteAsync(drawing, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<PageText> PageTextAsync(HttpContext context, ArmCatalog arms, string corpus, string id, int page)
    {
        var (open, document) = await FindAsync(arms, corpus, id, context.RequestAborted).ConfigureAwait(false);
        return await open.Index.PageAsync(document.Id, page, context.RequestAborted).ConfigureAwait(false)
            ?? throw new ApiException(404, $"'{document.Path}' has {document.Pages} pages; there is no page {page}.", code: "page_not_found");
    }
}

internal sealed record ListBody<T>(string Object, IReadOnlyList<T> Data);

internal sealed record CorpusBody(string Id, string Object, int Documents, int Pages, int Chunks, string Embedder, IReadOnlyList<string> Tags);

/// <param name="Note">What the reader has to say about it ("3 pages need OCR"); left out when all is well.</param>
/// <param name="HasFile">The file itself is here: /file and /pages/N/image can be asked for.</param>
internal sealed record DocumentBody(
    string Id, string Object, string Path, string Title, string Sha256, int Pages, int Chunks, IReadOnlyList<string> Tags, DateTimeOffset IngestedAt, string? Note, bool HasFile)
{
    public static DocumentBody From(IndexedDocument document, bool hasFile) => new(
        document.Id.Value, "document", document.Path, document.Title, document.Sha256, document.Pages, document.Chunks, document.Tags, document.IngestedAt, document.Note, hasFile);
}

/// <param name="FileMovedTo">Where the file went, relative to the workspace; left out when there was none.</param>
internal sealed record DeletedBody(string Id, string Object, bool Deleted, string? FileMovedTo);

/// <param name="Width">In points; 0 for formats without pages.</param>
/// <param name="Text">As it was indexed: a quote is a stretch of it.</param>
internal sealed record PageBody(int Page, string? PageLabel, double Width, double Height, string Text, IReadOnlyList<LineBody> Lines);

internal sealed record LineBody(int Start, int Length, double[]? Box);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListBody<CorpusBody>))]
[JsonSerializable(typeof(ListBody<DocumentBody>))]
[JsonSerializable(typeof(DocumentBody))]
[JsonSerializable(typeof(DeletedBody))]
[JsonSerializable(typeof(PageBody))]
[JsonSerializable(typeof(ProgressBody))]
[JsonSerializable(typeof(ReportBody))]
internal sealed partial class DocumentJson : JsonSerializerContext;

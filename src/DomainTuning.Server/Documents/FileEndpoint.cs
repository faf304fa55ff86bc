using System.Diagnostics;
using System.Globalization;
using DomainTuning.Arms;
using DomainTuning.Server.Api;

namespace DomainTuning.Server.Documents;

/// <summary>A document as the file that it is, and a page of a PDF as a picture.</summary>
internal static class FileEndpoint
{
    private const int DefaultWidth = 1200;

    /// <summary>Of a picture in pixels: a page of a poster would take gigabytes.</summary>
    private const int MostWidth = 4000;

    private static readonly TimeSpan DrawingTime = TimeSpan.FromSeconds(20);

    /// <summary>Drawing is as hostile a place as parsing: at most two pages at once.</summary>
    private static readonly SemaphoreSlim Drawing = new(2, 2);

    public static async Task FileAsync(HttpContext context, ArmCatalog arms, DocumentFiles files, string corpus, string id)
    {
        var (_, document) = await CorpusEndpoint.FindAsync(arms, corpus, id, context.RequestAborted).ConfigureAwait(false);
        var path = await files.OriginalAsync(corpus, document, context.RequestAborted).ConfigureAwait(false);
        // An HTML file is shown as its text: nothing of a document may run in the page's origin. Browsers show PDFs in a viewer of their own, which a sandbox would keep from starting.
        var (type, policy) = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".pdf" => ("application/pdf", "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"),
            ".txt" or ".text" or ".md" or ".markdown" or ".html" or ".htm" or ".xhtml" => ("text/plain; charset=utf-8", "sandbox; default-src 'none'; frame-ancestors 'self'"),
            _ => ("application/octet-stream", "sandbox; default-src 'none'; frame-ancestors 'none'"),
        };
        context.Response.Headers.ContentSecurityPolicy = policy;
        context.Response.Headers.XFrameOptions = "SAMEORIGIN"; // the page shows it beside an answer
        context.Response.Headers.CacheControl = "private, max-age=3600";
        var name = type == "application/octet-stream" ? Path.GetFileName(path) : null; // with a name it is saved, without it is shown
        await Results.File(path, type, name, enableRangeProcessing: true).ExecuteAsync(context).ConfigureAwait(false);
    }

    public static async Task ImageAsync(HttpContext context, ArmCatalog arms, DocumentFiles files, string corpus, string id, int page, int? width)
    {
        var (_, document) = await CorpusEndpoint.FindAsync(arms, corpus, id, context.RequestAborted).ConfigureAwait(false);
        if (width is < 16 or > MostWidth) throw ApiException.BadRequest($"'width' must be from 16 to {MostWidth} pixels.", "width");
        if (page < 1 || page > document.Pages) throw new ApiException(404, $"'{document.Path}' has {document.Pages} pages; there is no page {page}.", code: "page_not_found");
        var path = await files.OriginalAsync(corpus, document, context.RequestAborted).ConfigureAwait(false);
        if (!path.EndsWith(".pdf", StringComparison.OrdinalIgnoreCase)) throw new ApiException(404, $"'{document.Path}' is no PDF: it has no pages to draw. GET …/pages/1 gives its text.", code: "no_image");
        var picture = await DrawAsync(path, page, width ?? DefaultWidth, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = "image/png";
        context.Response.Headers.CacheControl = "private, max-age=3600";
        await context.Response.Body.WriteAsync(picture, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<byte[]> DrawAsync(string pdf, int page, int width, CancellationToken cancellationToken)
    {
        var number = page.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("pdftoppm", ["-png", "-singlefile", "-f", number, "-l", number, "-scale-to-x", width.ToString(CultureInfo.InvariantCulture), "-scale-to-y", "-1", pdf])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        await Drawing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var process = Start(start);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(DrawingTime);
            try
            {
                using var picture = new MemoryStream();
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.StandardOutput.BaseStream.CopyToAsync(picture, limit.Token).ConfigureAwait(false);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                return process.ExitCode == 0 && picture.Length > 0
                    ? picture.ToArray()
                    : throw new ApiException(422, $"pdftoppm could not draw page {page}: {(await errors.ConfigureAwait(false)).Trim().Split('\n')[0]}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ApiException(422, $"Page {page} was not drawn within {DrawingTime.TotalSeconds:0} s. Open the document itself.");
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
        finally
        {
            Drawing.Release();
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new ApiException(501, "Pages are drawn by pdftoppm, which is not on this machine. Install poppler (Debian: poppler-utils, macOS: brew install poppler), or open the document itself.", code: "no_poppler");
        }
    }
}

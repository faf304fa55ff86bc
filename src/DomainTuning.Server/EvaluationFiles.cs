using System.Text;
using System.Text.Encodings.Web;
using DomainTuning.Corpora;

namespace DomainTuning.Server;

/// <summary>
/// Reports of `domaintuning evaluate`, read-only: those that lie with the corpora (corpora/*/results) and those of this machine (.domaintuning/evaluations).
/// A report shows text of documents and models; beside its own policy it gets one that isolates it from the page's origin.
/// </summary>
internal static class EvaluationFiles
{
    private const string ReportPolicy = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapEvaluations(this WebApplication app, Workspace workspace)
    {
        app.MapGet("/evaluations", () => Results.Content(List(workspace), "text/html; charset=utf-8"));
        app.MapGet("/evaluations/{place}/{corpus}/{file}", (string place, string corpus, string file, HttpResponse response) =>
        {
            // Only what the list names can be asked for: no path from a request ever reaches the file system.
            var found = Reports(workspace).FirstOrDefault(report => (report.Place, report.Corpus, report.File) == (place, corpus, file));
            if (found is null) return Results.NotFound();
            response.Headers.ContentSecurityPolicy = ReportPolicy;
            return Results.File(found.Path, found.File.EndsWith(".html", StringComparison.Ordinal) ? "text/html; charset=utf-8" : "application/json");
        });
    }

    private sealed record Report(string Place, string Corpus, string File, string Path);

    private static IEnumerable<Report> Reports(Workspace workspace) =>
        In("results", workspace.CorporaFolder, "results").Concat(In("runs", System.IO.Path.Combine(workspace.StateFolder, "evaluations"), ""))
            .OrderByDescending(report => report.File, StringComparer.Ordinal);

    private static IEnumerable<Report> In(string place, string folder, string inside) =>
        !Directory.Exists(folder) ? []
        : Directory.EnumerateDirectories(folder).Select(corpus => (Name: System.IO.Path.GetFileName(corpus), Folder: System.IO.Path.Combine(corpus, inside))).Where(corpus => Directory.Exists(corpus.Folder))
            .SelectMany(corpus => Directory.EnumerateFiles(corpus.Folder).Select(file => new Report(place, corpus.Name, System.IO.Path.GetFileName(file), file)))
            .Where(report => report.File.EndsWith(".html", StringComparison.Ordinal) || report.File.EndsWith(".json", StringComparison.Ordinal));

    private static string List(Workspace workspace)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Evaluations</title><link rel=\"stylesheet\" href=\"/page.css\"></head><body><main><h1>Evaluations</h1>\n<ul>\n");
        foreach (var report in Reports(workspace).Where(report => report.File.EndsWith(".html", StringComparison.Ordinal)))
            page.Append("<li><a href=\"").Append(HtmlEncoder.Default.Encode($"/evaluations/{report.Place}/{Uri.EscapeDataString(report.Corpus)}/{Uri.EscapeDataString(report.File)}")).Append("\">")
                .Append(HtmlEncoder.Default.Encode($"{report.Corpus}: {report.File}")).Append("</a></li>\n");
        return page.Append("</ul>\n<p>New ones come from <code>domaintuning evaluate</code>.</p></main></body></html>\n").ToString();
    }
}

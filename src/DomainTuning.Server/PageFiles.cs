using Microsoft.Net.Http.Headers;

namespace DomainTuning.Server;

/// <summary>The web page's files, embedded in the assembly: nothing is fetched from anywhere else.</summary>
internal static class PageFiles
{
    /// <summary>Only this server's own files may run or be shown, and no other site may frame the page.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Folder = "DomainTuning.Server.Page.";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8", [".css"] = "text/css; charset=utf-8", [".js"] = "text/javascript; charset=utf-8",
    };

    /// <summary>Changes with every build: a browser asks whether what it kept is still right.</summary>
    private static readonly EntityTagHeaderValue Version = new($"\"{typeof(PageFiles).Module.ModuleVersionId:N}\"");

    private static readonly string[] Names =
        [.. typeof(PageFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(name => name[Folder.Length..])];

    /// <summary>The page and its entry at the root, its modules beneath /page.</summary>
    public static void MapPage(this WebApplication app)
    {
        app.MapGet("/", (HttpResponse response) => Send(response, "index.html"));
        app.MapGet("/page.css", (HttpResponse response) => Send(response, "page.css"));
        app.MapGet("/page.js", (HttpResponse response) => Send(response, "page.js"));
        foreach (var name in Names) app.MapGet($"/page/{name}", (HttpResponse response) => Send(response, name));
    }

    public static void AddSecurityHeaders(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.XFrameOptions = "DENY"; // for browsers that do not read frame-ancestors
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
    }

    private static IResult Send(HttpResponse response, string name)
    {
        response.Headers.CacheControl = "no-cache";
        return Results.Stream(typeof(PageFiles).Assembly.GetManifestResourceStream(Folder + name)!, Types[Path.GetExtension(name)], entityTag: Version);
    }
}

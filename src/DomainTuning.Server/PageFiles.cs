using System.Reflection;

namespace DomainTuning.Server;

/// <summary>The web page's files, embedded in the assembly: nothing is fetched from anywhere else.</summary>
internal static class PageFiles
{
    /// <summary>Only this server's own files may run or be shown, and no other site may frame the page.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapPage(this WebApplication app)
    {
        app.MapGet("/", () => Send("index.html", "text/html; charset=utf-8"));
        app.MapGet("/page.css", () => Send("page.css", "text/css; charset=utf-8"));
        app.MapGet("/page.js", () => Send("page.js", "text/javascript; charset=utf-8"));
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

    private static IResult Send(string name, string type) =>
        Results.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream($"DomainTuning.Server.Page.{name}")!, type);
}

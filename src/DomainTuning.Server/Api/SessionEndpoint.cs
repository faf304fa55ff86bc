namespace DomainTuning.Server.Api;

/// <summary>
/// POST /v1/session puts the key of the request into a cookie, so that a browser's own requests (a picture, a report in a new tab) carry it too; DELETE takes it back.
/// No script can read the cookie, and no other site's request brings it along.
/// </summary>
internal static class SessionEndpoint
{
    private const string Cookie = "domaintuning_key";

    /// <summary>The key that a request carries, in its header or its cookie; null for none.</summary>
    public static string? KeyOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : request.Cookies[Cookie];
    }

    public static IResult Begin(HttpContext context)
    {
        if (KeyOf(context.Request) is { } key) context.Response.Cookies.Append(Cookie, key, Options(context));
        return Results.NoContent();
    }

    public static IResult End(HttpContext context)
    {
        context.Response.Cookies.Delete(Cookie, Options(context));
        return Results.NoContent();
    }

    private static CookieOptions Options(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/" };
}

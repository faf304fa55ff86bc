using System.Net;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Corpora;
using DomainTuning.Server.Keys;

namespace DomainTuning.Server.Api;

/// <summary>
/// Who may come in. A page on another site must not reach a server on loopback, neither through a name that it points there (DNS rebinding: the Host header must
/// name this server) nor by a form that it sends here (the Origin header, where a browser sends one, must be this server or be allowed). Where there are keys,
/// every request for data carries one as a bearer token, and the key's scopes say what it opens.
/// </summary>
internal sealed class Gate(Settings settings, ApiKeyFile keys)
{
    /// <summary>Whoever has the key of the settings.</summary>
    private static readonly Caller Owner = new("owner", ApiScopes.Admin);

    /// <summary>What gives away nothing but that a server is here: the page without data, and whether it is up.</summary>
    private static readonly string[] Guarded = ["/v1", "/evaluations", "/mcp", "/metrics"];

    private readonly string[] origins = (settings.CorsOrigins ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Throws when the server would be open to the network without a key.</summary>
    public static void CheckBinding(Settings settings, ApiKeyFile keys)
    {
        if (!IsLoopback(settings.Host) && settings.ApiKey is null && keys.List().Count == 0)
            throw new SettingsException($"host '{settings.Host}' lets other machines in, so an API key is required. Make one with `domaintuning keys add`, set DOMAINTUNING_API_KEY, or listen on 127.0.0.1.");
    }

    /// <summary>Lets the request in, and notes who makes it; or says why not.</summary>
    public ApiException? Refuse(HttpContext context)
    {
        var request = context.Request;
        if (IsLoopback(settings.Host) && !IsLoopback(request.Host.Host))
            return new ApiException(403, $"Host '{request.Host.Host}' is not this server. Open it as http://{settings.Host}:{settings.Port}.");
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, request) && !IsAllowed(origin))
            return new ApiException(403, $"Pages of '{origin}' may not call this server. Allow them with --cors-origins, if they are yours.");
        if (!Guarded.Any(prefix => request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase))) return null;
        if (settings.ApiKey is null && keys.List().Count == 0) return null;
        if (Identify(request) is not { } caller) return new ApiException(401, "This server needs an API key: send the header Authorization: Bearer <key>.", code: "invalid_api_key");
        var needed = ScopeOf(request);
        if ((caller.Scopes & needed) != needed)
            return new ApiException(403, $"The key '{caller.Name}' lacks the scope '{needed.ToString().ToLowerInvariant()}', which {request.Method} {request.Path} needs.", code: "insufficient_scope");
        Caller.Set(context, caller);
        return null;
    }

    /// <summary>Answers a browser that asks whether a page of an allowed origin may call; false where nothing is left to do but the request itself.</summary>
    public bool AnswerPreflight(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || !IsAllowed(origin)) return false;
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.Vary = "Origin";
        if (!HttpMethods.IsOptions(context.Request.Method) || !context.Request.Headers.ContainsKey("Access-Control-Request-Method")) return false;
        context.Response.Headers.AccessControlAllowMethods = "GET, POST, PATCH, DELETE";
        context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version";
        context.Response.Headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    private static ApiScopes ScopeOf(HttpRequest request) =>
        request.Path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase) ? ApiScopes.Admin
        : request.Path.StartsWithSegments("/v1/corpora", StringComparison.OrdinalIgnoreCase) && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) ? ApiScopes.Ingest
        : ApiScopes.Ask;

    private Caller? Identify(HttpRequest request)
    {
        if (SessionEndpoint.KeyOf(request) is not { } given) return null;
        if (settings.ApiKey is { } key && CryptographicOperations.FixedTimeEquals(Hash(given), Hash(key))) return Owner;
        return keys.Find(given) is { } found ? new Caller(found.Name, found.Scopes) : null;
    }

    /// <summary>The scheme is left aside: a proxy may have taken the encryption off.</summary>
    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var address) && address.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);

    private bool IsAllowed(string origin) => origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

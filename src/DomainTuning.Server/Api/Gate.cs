using System.Net;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Corpora;

namespace DomainTuning.Server.Api;

/// <summary>
/// Who may come in. A page on another site must not reach a server on loopback through a name that it points there (DNS rebinding), so the Host header
/// must name this server; with an API key, every request to /v1 and to /evaluations (reports quote documents) must carry it as a bearer token.
/// </summary>
internal sealed class Gate(Settings settings)
{
    /// <summary>Throws when the server would be open to the network without a key.</summary>
    public static void CheckBinding(Settings settings)
    {
        if (!IsLoopback(settings.Host) && settings.ApiKey is null)
            throw new SettingsException($"host '{settings.Host}' lets other machines in, so an API key is required. Set DOMAINTUNING_API_KEY, or listen on 127.0.0.1.");
    }

    public ApiException? Refuse(HttpRequest request)
    {
        if (IsLoopback(settings.Host) && !IsLoopback(request.Host.Host))
            return new ApiException(403, $"Host '{request.Host.Host}' is not this server. Open it as http://{settings.Host}:{settings.Port}.");
        if (settings.ApiKey is null || !(request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) || request.Path.StartsWithSegments("/evaluations", StringComparison.OrdinalIgnoreCase))) return null;
        var given = request.Headers.Authorization.ToString();
        return CryptographicOperations.FixedTimeEquals(Hash(given), Hash("Bearer " + settings.ApiKey))
            ? null
            : new ApiException(401, "This server needs its API key: send the header Authorization: Bearer <key>.", code: "invalid_api_key");
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

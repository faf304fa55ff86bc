using System.Reflection;
using System.Text.Json.Serialization;
using DomainTuning.Arms;
using DomainTuning.Server.Keys;

namespace DomainTuning.Server.Operations;

/// <summary>GET /health: the process is up. GET /ready: a question would be answered at once. Neither needs a key, so neither names a corpus where there are keys.</summary>
internal static class HealthEndpoint
{
    public static Task HealthAsync(HttpContext context, ArmCatalog arms, ApiKeyFile keys)
    {
        var isOpen = arms.Settings.ApiKey is null && keys.List().Count == 0;
        return context.Response.WriteAsJsonAsync(
            new HealthBody("ok", Assembly.GetExecutingAssembly().GetName().Version!.ToString(3), isOpen ? arms.Corpora : null), HealthJson.Default.HealthBody);
    }

    public static Task ReadyAsync(HttpContext context, Readiness readiness)
    {
        var missing = readiness.Missing();
        if (missing is not null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "1";
        }

        return context.Response.WriteAsJsonAsync(new ReadyBody(missing is null ? "ready" : "not ready", missing), HealthJson.Default.ReadyBody);
    }
}

internal sealed record HealthBody(string Status, string Version, IReadOnlyList<string>? Corpora);

/// <param name="Missing">What is awaited or wrong; left out when ready.</param>
internal sealed record ReadyBody(string Status, string? Missing);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(ReadyBody))]
internal sealed partial class HealthJson : JsonSerializerContext;

using System.Reflection;
using DomainTuning.Arms;

namespace DomainTuning.Server.Api;

/// <summary>GET /health: the process is up.</summary>
internal static class HealthEndpoint
{
    public static Task HandleAsync(HttpContext context, ArmCatalog arms) => context.Response.WriteAsJsonAsync(
        new HealthBody("ok", Assembly.GetExecutingAssembly().GetName().Version!.ToString(3), arms.Corpora), ApiJson.Default.HealthBody);
}

internal sealed record HealthBody(string Status, string Version, IReadOnlyList<string> Corpora);

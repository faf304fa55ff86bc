using DomainTuning.Corpora;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DomainTuning.Server.Operations;

/// <summary>Where measurements and traces go: to GET /metrics, and to a collector that the user names. Nothing leaves the machine otherwise.</summary>
internal static class Telemetry
{
    /// <exception cref="SettingsException">The collector's address cannot be used.</exception>
    public static void Add(IServiceCollection services, Settings settings)
    {
        services.AddSingleton<Measurements>();
        var telemetry = services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(Measurements.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel").AddPrometheusExporter());
        if (settings.Traces is not { } address) return;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var collector) || collector.Scheme is not ("http" or "https"))
            throw new SettingsException($"'traces' is '{address}'; the address of an OpenTelemetry collector is expected, such as http://127.0.0.1:4317.");
        if (settings.Offline && !collector.IsLoopback)
            throw new SettingsException($"'traces' names {collector}, another machine, which --offline forbids. Leave one of the two out.");
        telemetry.WithTracing(traces => traces.AddSource(Measurements.Name).AddOtlpExporter(exporter => exporter.Endpoint = collector));
    }
}

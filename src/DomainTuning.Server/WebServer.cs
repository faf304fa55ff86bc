using System.Reflection;
using DomainTuning.Corpora;
using DomainTuning.Server.Api;
using DomainTuning.Arms;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace DomainTuning.Server;

/// <summary>The chat API and the page, on one address. It starts at once; models and indexes open with the first request that needs them.</summary>
public sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private WebServer(WebApplication app) => this.app = app;

    /// <summary>Where it listens, such as http://127.0.0.1:8080.</summary>
    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <exception cref="SettingsException">The port is taken, or the address is open to the network without an API key.</exception>
    public static async Task<WebServer> StartAsync(Settings settings, ArmCatalog arms, CancellationToken cancellationToken = default)
    {
        Gate.CheckBinding(settings);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // A failed start is reported by StartAsync in one sentence; the host would log its stack trace besides.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.WebHost.UseUrls($"http://{settings.Host}:{settings.Port}");
        builder.Services.AddSingleton(arms);
        builder.Services.AddSingleton(TimeProvider.System);
        var app = builder.Build();
        MapMiddleware(app, settings);
        MapEndpoints(app);
        app.MapPage();
        app.MapEvaluations(arms.Workspace);
        app.MapTraining(arms.Workspace);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new SettingsException($"Cannot listen on {settings.Host}:{settings.Port}: {e.Message} Choose another port with --port, or stop the program that has it.");
        }

        return new WebServer(app);
    }

    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private static void MapMiddleware(WebApplication app, Settings settings)
    {
        var gate = new Gate(settings);
        app.Use((context, next) => ApiErrors.CatchAsync(context, next, app.Logger));
        app.Use((context, next) =>
        {
            PageFiles.AddSecurityHeaders(context.Response);
            return gate.Refuse(context.Request) is { } refusal ? ApiErrors.WriteAsync(context, refusal) : next(context);
        });
    }

    private static void MapEndpoints(WebApplication app)
    {
        app.MapPost("/v1/chat/completions", (HttpContext context, ArmCatalog arms, TimeProvider clock) => ChatEndpoint.HandleAsync(context, arms, clock));
        app.MapGet("/v1/models", (HttpContext context, ArmCatalog arms) => context.Response.WriteAsJsonAsync(
            new ModelList("list", [.. arms.List().Select(arm => new ModelBody(arm.ToString(), "model", 0, "domaintuning"))]), ApiJson.Default.ModelList));
        app.MapGet("/health", (HttpContext context, ArmCatalog arms) => context.Response.WriteAsJsonAsync(
            new HealthBody("ok", Assembly.GetExecutingAssembly().GetName().Version!.ToString(3), arms.Corpora), ApiJson.Default.HealthBody));
        app.MapFallback(context => ApiErrors.WriteAsync(
            context, new ApiException(404, $"There is no {context.Request.Method} {context.Request.Path}. See docs/api.md.", code: "not_found")));
    }
}

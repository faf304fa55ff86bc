using DomainTuning.Corpora;
using DomainTuning.Server.Api;
using DomainTuning.Arms;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace DomainTuning.Server;

/// <summary>The chat API and the page, on one address. It starts at once; models and indexes open with the first request that needs them.</summary>
public sealed class WebServer : IAsyncDisposable
{
    /// <summary>A conversation of a few hundred thousand characters; what is longer fits no model here.</summary>
    private const long MaxBodyBytes = 4 << 20;

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
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBodyBytes);
        builder.WebHost.UseUrls($"http://{settings.Host}:{settings.Port}");
        builder.Services.AddSingleton(arms);
        builder.Services.AddSingleton(TimeProvider.System);
        var app = builder.Build();
        MapMiddleware(app, settings);
        MapEndpoints(app);
        app.MapPage();
        app.MapEvaluations(arms.Workspace);
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
        app.MapPost("/v1/completions", (HttpContext context, ArmCatalog arms, TimeProvider clock) => TextCompletionEndpoint.HandleAsync(context, arms, clock));
        app.MapPost("/v1/embeddings", (HttpContext context, ArmCatalog arms) => EmbeddingEndpoint.HandleAsync(context, arms));
        app.MapPost("/v1/rerank", (HttpContext context, ArmCatalog arms) => RerankEndpoint.HandleAsync(context, arms));
        app.MapGet("/v1/models", (HttpContext context, ArmCatalog arms) => ModelEndpoint.ListAsync(context, arms));
        app.MapGet("/v1/models/{id}", (HttpContext context, ArmCatalog arms, string id) => ModelEndpoint.FindAsync(context, arms, id));
        app.MapGet("/health", (HttpContext context, ArmCatalog arms) => HealthEndpoint.HandleAsync(context, arms));
        app.MapFallback(context => ApiErrors.WriteAsync(
            context, new ApiException(404, $"There is no {context.Request.Method} {context.Request.Path}. See docs/api.md.", code: "not_found")));
    }
}

using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Server.Api;
using DomainTuning.Server.Conversations;
using DomainTuning.Server.Documents;
using DomainTuning.Server.Keys;
using DomainTuning.Server.Mcp;
using DomainTuning.Server.Operations;
using DomainTuning.Stores.Conversations;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace DomainTuning.Server;

/// <summary>The chat API and the page, on one address. It starts at once; models and indexes open with the first request that needs them.</summary>
public sealed class WebServer : IAsyncDisposable
{
    /// <summary>A conversation of a few hundred thousand characters; what is longer fits no model here. Uploads have their own limit.</summary>
    private const long MaxBodyBytes = 4 << 20;

    private readonly WebApplication app;

    private WebServer(WebApplication app) => this.app = app;

    /// <summary>Where it listens, such as http://127.0.0.1:8080.</summary>
    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <exception cref="SettingsException">The port is taken, the address is open to the network without an API key, or a setting cannot be used.</exception>
    public static async Task<WebServer> StartAsync(Settings settings, ArmCatalog arms, CancellationToken cancellationToken = default)
    {
        var keys = new ApiKeyFile(arms.Workspace.KeysFile);
        Gate.CheckBinding(settings, keys);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // A failed start is reported by StartAsync in one sentence; the host would log its stack trace besides.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.WebHost.UseUrls($"http://{settings.Host}:{settings.Port}");
        AddServices(builder.Services, settings, arms, keys);
        var app = builder.Build();
        MapMiddleware(app, settings, keys);
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

    private static void AddServices(IServiceCollection services, Settings settings, ArmCatalog arms, ApiKeyFile keys)
    {
        services.AddSingleton(arms).AddSingleton(keys).AddSingleton(TimeProvider.System).AddSingleton(_ => new RateLimits(settings));
        services.AddSingleton(new ConversationFile(arms.Workspace.ConversationsFile, TimeProvider.System)).AddSingleton(new DocumentFiles(arms.Workspace));
        services.AddSingleton<CorpusWriter>().AddSingleton<Readiness>();
        Telemetry.Add(services, settings);
        McpConnection.AddHttp(services);
    }

    private static void MapMiddleware(WebApplication app, Settings settings, ApiKeyFile keys)
    {
        var gate = new Gate(settings, keys);
        var limits = app.Services.GetRequiredService<RateLimits>();
        app.Use((context, next) => ApiErrors.CatchAsync(context, next, app.Logger));
        app.Use((context, next) =>
        {
            PageFiles.AddSecurityHeaders(context.Response);
            if (gate.AnswerPreflight(context)) return Task.CompletedTask;
            return (gate.Refuse(context) ?? limits.Refuse(context)) is { } refusal ? ApiErrors.WriteAsync(context, refusal) : next(context);
        });
    }

    private static void MapEndpoints(WebApplication app)
    {
        app.MapPost("/v1/chat/completions", ChatEndpoint.HandleAsync);
        app.MapPost("/v1/completions", TextCompletionEndpoint.HandleAsync);
        app.MapPost("/v1/embeddings", EmbeddingEndpoint.HandleAsync);
        app.MapPost("/v1/rerank", RerankEndpoint.HandleAsync);
        app.MapPost("/v1/search", SearchEndpoint.HandleAsync);
        app.MapGet("/v1/models", ModelEndpoint.ListAsync);
        app.MapGet("/v1/models/{id}", ModelEndpoint.FindAsync);
        app.MapGet("/v1/adapters", AdapterEndpoint.ListAsync);
        app.MapCorpora();
        app.MapConversations();
        app.MapPost("/v1/session", SessionEndpoint.Begin);
        app.MapDelete("/v1/session", SessionEndpoint.End);
        app.MapGet("/health", HealthEndpoint.HealthAsync);
        app.MapGet("/ready", HealthEndpoint.ReadyAsync);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapMcp("/mcp");
        app.MapFallback(context => ApiErrors.WriteAsync(
            context, new ApiException(404, $"There is no {context.Request.Method} {context.Request.Path}. See docs/api.md.", code: "not_found")));
    }
}

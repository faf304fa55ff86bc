namespace DomainTuning.Server.Api;

/// <summary>A response that is written event by event (HTML standard, "Server-sent events"), each sent on at once.</summary>
internal sealed class ServerSentEvents
{
    private readonly HttpContext context;

    private ServerSentEvents(HttpContext context) => this.context = context;

    /// <summary>Sets the headers; from here on errors travel as events.</summary>
    public static ServerSentEvents Begin(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold the events back
        return new ServerSentEvents(context);
    }

    /// <param name="data">One line.</param>
    /// <param name="kind">The event's name; null for the nameless ones that OpenAI's clients read.</param>
    public async Task SendAsync(string data, string? kind = null)
    {
        await context.Response.WriteAsync(kind is null ? $"data: {data}\n\n" : $"event: {kind}\ndata: {data}\n\n", context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}

using System.Globalization;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Arms;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Endpoints;
using DomainTuning.Indexing;
using DomainTuning.Onnx;
using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Server.Api;

/// <summary>Turns whatever went wrong into a status and a body in OpenAI's shape, once, around every endpoint.</summary>
internal static partial class ApiErrors
{
    /// <summary>About what a short answer takes: by then a place is likely to be free.</summary>
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(5);

    public static async Task CatchAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; there is nobody to tell.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var error = From(e);
            if (error.Status >= 500) Failed(logger, context.Request.Method, context.Request.Path, e);
            await WriteAsync(context, error).ConfigureAwait(false);
        }
    }

    public static Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait) context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (error.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.Response.WriteAsJsonAsync(error.Body, ErrorJson.Default.ErrorBody);
    }

    public static ApiException From(Exception e) => e switch
    {
        ApiException api => api,
        UnknownArmException => new ApiException(404, e.Message, "model", "model_not_found"),
        EndpointException => new ApiException(502, e.Message),
        AdapterException => new ApiException(409, e.Message, "model", "adapter_unusable"),
        ContextLengthException => new ApiException(400, e.Message, "messages", "context_length_exceeded"),
        TemplateException => new ApiException(400, e.Message, "messages"),
        ChatModelBusyException => new ApiException(429, e.Message, null, "rate_limit_exceeded") { RetryAfter = BusyWait },
        ChatModelClosingException => new ApiException(503, e.Message),
        IndexException or CheckpointException or ModelException => new ApiException(503, e.Message),
        ArgumentException or NotSupportedException => new ApiException(400, e.Message),
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.Message),
        JsonException => new ApiException(400, e.Message),
        _ => new ApiException(500, $"The server failed: {e.Message} Its log says more."),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void Failed(ILogger logger, string method, PathString path, Exception exception);
}

using System.ClientModel;
using System.ClientModel.Primitives;
using DomainTuning.Checkpoints.Library;
using OpenAI;

namespace DomainTuning.Endpoints;

/// <summary>One model on another server: the client that talks to it, and the words for what can go wrong.</summary>
internal sealed class EndpointConnection : IDisposable
{
    private readonly HttpClient http;

    /// <exception cref="EndpointException">The key's variable is empty, or the server is on another machine and that is forbidden.</exception>
    public EndpointConnection(string id, ServedElsewhere endpoint, EndpointOptions options)
    {
        Id = id;
        Endpoint = endpoint;
        if (options.Offline && !endpoint.Url.IsLoopback)
            throw new EndpointException($"Model '{id}' runs at {endpoint.Url}, another machine, which --offline forbids. Leave --offline out, or choose a local model.");
        http = options.Handler is null ? new HttpClient() : new HttpClient(options.Handler, disposeHandler: false);
        http.Timeout = Timeout.InfiniteTimeSpan; // the pipeline's own timeout watches each silence; an answer as a whole may take long
        Client = new OpenAIClient(new ApiKeyCredential(Key(id, endpoint)), new OpenAIClientOptions
        {
            Endpoint = endpoint.Url,
            NetworkTimeout = options.Timeout,
            RetryPolicy = new ClientRetryPolicy(options.Retries),
            Transport = new HttpClientPipelineTransport(http),
            UserAgentApplicationId = "domaintuning",
        });
    }

    /// <summary>The model's id in our library.</summary>
    public string Id { get; }

    public ServedElsewhere Endpoint { get; }

    public OpenAIClient Client { get; }

    /// <summary>Says what went wrong and what to do; passes on what is the caller's own doing (cancellation, misuse).</summary>
    public Exception Explain(Exception error, string model, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || error is EndpointException or ArgumentException or NotSupportedException) return error;
        var cause = error is AggregateException all ? all.InnerExceptions[^1] : error;
        var where = $"'{model}' at {Endpoint.Url}";
        return cause switch
        {
            ClientResultException { Status: 401 or 403 } => new EndpointException(
                $"The server refused the key for {where} ({Said(cause)}). "
                + (Endpoint.KeyVariable is { } variable ? $"Put a valid key into the variable {variable}." : "Add the model again with --key-variable NAME and put the key into that variable."), error),
            ClientResultException { Status: 404 } => new EndpointException(
                $"The server does not know {where} ({Said(cause)}). Check the model's name there, and that the address ends in the version, usually /v1.", error),
            ClientResultException { Status: 400 or 413 or 422 } => new EndpointException($"The server refused the request to {where}: {Said(cause)}.", error),
            ClientResultException { Status: 429 } => new EndpointException($"The server of {where} has too many requests ({Said(cause)}). Wait, or ask less at once.", error),
            ClientResultException { Status: > 0 } => new EndpointException($"The server of {where} failed: {Said(cause)}. See its log; the request was tried several times.", error),
            OperationCanceledException or TimeoutException => new EndpointException($"The server of {where} gave nothing within its time. See whether it is busy loading a model, and ask again.", error),
            _ when Unreachable(cause) => new EndpointException($"There is no connection to {where} ({Innermost(cause).Message.TrimEnd('.')}). Start the server, or correct the address.", error),
            System.Text.Json.JsonException or InvalidOperationException or FormatException or KeyNotFoundException => new EndpointException(
                $"The server of {where} answered something that is not OpenAI's form ({cause.Message.TrimEnd('.')}). Check the address; it usually ends in /v1.", error),
            _ => error,
        };
    }

    public void Dispose() => http.Dispose();

    private static string Key(string id, ServedElsewhere endpoint)
    {
        if (endpoint.KeyVariable is not { } variable) return "none"; // servers without keys ignore it; the client insists on one
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } key
            ? key
            : throw new EndpointException($"Model '{id}' at {endpoint.Url} needs a key, and the variable {variable} is empty. Set it and run again.");
    }

    private static bool Unreachable(Exception error) => error is HttpRequestException or IOException or ClientResultException || error.InnerException is HttpRequestException or IOException;

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;

    /// <summary>The server's words in one line: "HTTP 400: …".</summary>
    private static string Said(Exception error)
    {
        var text = error.Message.ReplaceLineEndings(" ").Trim();
        return (text.Length > 300 ? text[..300] + "…" : text).TrimEnd('.');
    }
}

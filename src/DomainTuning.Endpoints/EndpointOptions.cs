namespace DomainTuning.Endpoints;

/// <summary>How patient we are with another server.</summary>
public sealed record EndpointOptions
{
    /// <summary>A connection that gives nothing for so long counts as broken. Default 5 minutes: a large model on a slow machine reads a long prompt before its first token.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a request is tried again that met a busy or failing server (408, 429, 5xx) or no connection; waits as Retry-After says, else 0.8 s, doubled each time. Default 3.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Refuses servers on other machines. Default false.</summary>
    public bool Offline { get; init; }

    /// <summary>What carries the requests. Default: a client of its own. A test puts another here.</summary>
    internal HttpMessageHandler? Handler { get; init; }
}

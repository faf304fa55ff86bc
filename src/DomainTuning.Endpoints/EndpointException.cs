namespace DomainTuning.Endpoints;

/// <summary>Another server did not do what was asked of it. The message says which, what it answered, and what to do.</summary>
public sealed class EndpointException : Exception
{
    public EndpointException(string message)
        : base(message)
    {
    }

    public EndpointException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

namespace DomainTuning.Adapters;

/// <summary>An adapter cannot be used. The message says which one, what was expected, what came, and what to do.</summary>
public sealed class AdapterException : Exception
{
    public AdapterException(string message)
        : base(message)
    {
    }

    public AdapterException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

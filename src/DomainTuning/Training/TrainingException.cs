namespace DomainTuning.Training;

/// <summary>A training cannot begin or go on. The message says what was expected, what came, and what to do.</summary>
public sealed class TrainingException : Exception
{
    public TrainingException(string message)
        : base(message)
    {
    }

    public TrainingException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

namespace DomainTuning.Checkpoints;

/// <summary>
/// A model cannot be had or used: a file is broken or incomplete, of a kind that cannot run here, not in the library, or not to be fetched.
/// The message is a sentence or two for the user: what was expected, what came, in which file and where, and what to do.
/// </summary>
public sealed class CheckpointException : Exception
{
    public CheckpointException(string message)
        : base(message)
    {
    }

    public CheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

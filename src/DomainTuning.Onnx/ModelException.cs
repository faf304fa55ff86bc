namespace DomainTuning.Onnx;

/// <summary>A local model cannot be loaded or run. The message says which file, what is wrong with it and what to do.</summary>
public sealed class ModelException : Exception
{
    public ModelException(string message)
        : base(message)
    {
    }

    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

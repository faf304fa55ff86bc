namespace DomainTuning.Tuning.Examples;

/// <summary>Examples cannot be made or read. The message says what was expected, what came, where, and what to do.</summary>
public sealed class ExampleException(string message) : Exception(message);

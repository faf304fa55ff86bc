namespace DomainTuning.Tuning.Runs;

/// <summary>A training cannot be started or its adapter not be published. The message says what to do.</summary>
public sealed class TrainingRunException(string message) : Exception(message);

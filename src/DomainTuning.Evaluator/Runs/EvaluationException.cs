namespace DomainTuning.Evaluator.Runs;

/// <summary>An evaluation cannot be done as asked, or must not be believed. The message says what to do.</summary>
public sealed class EvaluationException(string message) : Exception(message);

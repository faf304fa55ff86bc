namespace DomainTuning.Onnx.Graphs;

/// <summary>How far the first load of a chat model is.</summary>
/// <param name="Stage">What is being done, for people: "measuring activations".</param>
/// <param name="Fraction">Share of the whole conversion that is done, 0 to 1.</param>
public sealed record ConversionProgress(string Stage, double Fraction);

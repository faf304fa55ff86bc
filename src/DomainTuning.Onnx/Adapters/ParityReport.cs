using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// How far the result of a merge or an export lies from the adapter over its base, measured on what was written, read again: parity.json beside it, in snake
/// case. A result above the tolerance is not kept.
/// </summary>
public sealed record ParityReport
{
    public const string FileName = "parity.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The base model's id.</summary>
    public required string Base { get; init; }

    /// <summary>The adapter, or the sum of several: "0.5 · a + 0.5 · b".</summary>
    public required string Adapter { get; init; }

    /// <summary>What was held against each other.</summary>
    public required string Compared { get; init; }

    /// <summary>Form of the base's weights while measuring.</summary>
    public required WeightForm Form { get; init; }

    /// <summary>Prompts that were run; 0 where values were compared and not logits.</summary>
    public int Prompts { get; init; }

    /// <summary>Positions whose logits were compared.</summary>
    public int Positions { get; init; }

    /// <summary>The largest difference that the adapter makes to a logit of its base: what a result without it would be off by.</summary>
    public double Effect { get; init; }

    /// <summary>The largest difference of a logit, or of a value.</summary>
    public required double LargestDifference { get; init; }

    /// <summary>Mean Kullback-Leibler divergence of the next token's distribution, in nats.</summary>
    public double MeanDivergence { get; init; }

    /// <summary>The largest difference of a logit that is accepted.</summary>
    public required double Tolerance { get; init; }

    public bool Passed => LargestDifference <= Tolerance;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Compared}: {(Prompts == 0 ? "values" : $"{Prompts} prompts, {Positions} positions, logits")} differ by at most {LargestDifference:0.######} (accepted {Tolerance:0.###}{(Prompts == 0 ? "" : $"; the adapter changes them by up to {Effect:0.##}")})");

    internal string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <exception cref="AdapterException">The difference is above the tolerance.</exception>
    internal ParityReport OrThrow() => Passed ? this : throw new AdapterException($"The parity check failed, and nothing was kept. {this}.");
}

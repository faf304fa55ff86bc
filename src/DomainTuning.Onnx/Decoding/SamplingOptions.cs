using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Decoding;

/// <summary>How the next token is drawn. Applied in this order: penalties, constraint, temperature, top-k, top-p, min-p.</summary>
public sealed record SamplingOptions
{
    /// <summary>Logits are divided by this. 0 (and anything below 0.001) takes the likeliest token. Default 0.</summary>
    public float Temperature { get; init; }

    /// <summary>Keeps so many of the likeliest tokens. Default 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens that together reach this probability. Default 1: all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this share as likely as the likeliest. Default 0: all.</summary>
    public float MinP { get; init; }

    /// <summary>Logits of tokens in prompt or answer are divided by this when positive, multiplied when negative (arXiv 1909.05858). Default 1: no change.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken off a token's logit for each time it stands in the answer. Default 0.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken off a token's logit once it stands in the answer. Default 0.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>The same seed, prompt and options give the same answer. Default null: another one each time.</summary>
    public long? Seed { get; init; }

    /// <summary>What the answer is held to. Default null: nothing. Belongs to one answer: options with a constraint are used once.</summary>
    internal TokenConstraint? Constraint { get; init; }

    /// <summary>Where the log-probabilities of the drawn tokens are noted. Default null: nowhere. Belongs to one answer too.</summary>
    internal DrawnTokens? Drawn { get; init; }

    internal const float LowestTemperature = 1e-3f;

    internal void Validate()
    {
        Check(float.IsFinite(Temperature) && Temperature is >= 0 and <= 100, nameof(Temperature), Temperature, "0 to 100");
        Check(TopK >= 0, nameof(TopK), TopK, "0 or more");
        Check(TopP is > 0 and <= 1, nameof(TopP), TopP, "above 0, up to 1");
        Check(MinP is >= 0 and <= 1, nameof(MinP), MinP, "0 to 1");
        Check(float.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0, nameof(RepetitionPenalty), RepetitionPenalty, "above 0");
        Check(float.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, "a finite number");
        Check(float.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, "a finite number");
    }

    private static void Check(bool valid, string name, object value, string expected)
    {
        if (!valid) throw new ArgumentException(FormattableString.Invariant($"{name} is {value}; it must be {expected}."));
    }
}

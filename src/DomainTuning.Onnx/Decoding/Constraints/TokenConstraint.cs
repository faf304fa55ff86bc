namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>Which tokens an answer may go on with. Belongs to one answer; not thread-safe.</summary>
internal abstract class TokenConstraint
{
    /// <summary>The answer may end here.</summary>
    public abstract bool IsComplete { get; }

    /// <summary>Sets the logits of all tokens that may not come next to negative infinity; at least one is left.</summary>
    public abstract void Mask(Span<float> logits);

    /// <summary>Goes on by a token that <see cref="Mask"/> left.</summary>
    public abstract void Accept(int token);
}

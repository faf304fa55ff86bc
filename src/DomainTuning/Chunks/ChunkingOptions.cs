namespace DomainTuning.Chunks;

/// <summary>How a document is cut. Lengths are in the embedder's own tokens.</summary>
public sealed record ChunkingOptions
{
    /// <summary>Upper bound of heading path and text together. Default 384: a 512-token encoder minus title, prefix and special tokens.</summary>
    public int MaxTokens { get; init; } = 384;

    /// <summary>Tokens repeated from the previous chunk where a paragraph had to be cut. Default 48: one or two sentences.</summary>
    public int OverlapTokens { get; init; } = 48;

    /// <summary>A chunk shorter than this joins its neighbour under the same parent heading. Default 64: a few sentences, so that a lone heading or note does not stand by itself.</summary>
    public int MinTokens { get; init; } = 64;

    /// <summary>Checks all values together; throws <see cref="ArgumentException"/> with the rule that was broken.</summary>
    public void Validate()
    {
        if (MaxTokens < 16) throw new ArgumentException($"MaxTokens is {MaxTokens}; at least 16 are needed for a sentence.");
        if (OverlapTokens < 0 || OverlapTokens > MaxTokens / 2)
            throw new ArgumentException($"OverlapTokens is {OverlapTokens}; it must be between 0 and half of MaxTokens ({MaxTokens / 2}).");
        if (MinTokens < 0 || MinTokens > MaxTokens)
            throw new ArgumentException($"MinTokens is {MinTokens}; it must be between 0 and MaxTokens ({MaxTokens}).");
    }
}

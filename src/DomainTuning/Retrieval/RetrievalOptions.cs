using static System.FormattableString;

namespace DomainTuning.Retrieval;

public enum SearchMode
{
    Hybrid,
    Dense,
    Lexical,
}

public enum FusionMethod
{
    /// <summary>Each list's scores scaled to 0..1, then weighted.</summary>
    MinMax,

    /// <summary>Reciprocal rank fusion, k = 60 (Cormack, Clarke and Büttcher, SIGIR 2009).</summary>
    ReciprocalRank,
}

/// <summary>How passages are found.</summary>
public sealed record RetrievalOptions
{
    public SearchMode Mode { get; init; } = SearchMode.Hybrid;

    public FusionMethod Fusion { get; init; } = FusionMethod.MinMax;

    /// <summary>Weight of the dense side, 0 to 1, under <see cref="FusionMethod.MinMax"/>. Default 0.5: a start; the best value differs by corpus (FACTS 15).</summary>
    public double DenseWeight { get; init; } = 0.5;

    /// <summary>How many each search returns before fusion. Default 100: below it, min-max scaling depends on the cut.</summary>
    public int Candidates { get; init; } = 100;

    /// <summary>How many are returned. Default 8.</summary>
    public int Top { get; init; } = 8;

    /// <summary>How many of the fused list a reranker reads. Default 20.</summary>
    public int Reranked { get; init; } = 20;

    /// <summary>
    /// Weight of the reranker against the fused score, both scaled to 0..1 over what it read. Default 1, the reranker alone, as cross-encoders are trained for;
    /// the likelihood of the question does best at about half (FACTS 15).
    /// </summary>
    public double RerankWeight { get; init; } = 1;

    /// <summary>
    /// A reranker is asked only while the fused scores of the first two results lie no further apart than this: a clear winner needs no second reading.
    /// Default 1: always.
    /// </summary>
    public double RerankWithin { get; init; } = 1;

    /// <summary>Checks all values together; throws <see cref="ArgumentException"/> with the rule that was broken.</summary>
    public void Validate()
    {
        if (!(DenseWeight >= 0 && DenseWeight <= 1)) throw new ArgumentException(Invariant($"DenseWeight is {DenseWeight}; it must be between 0 (words only) and 1 (meaning only)."));
        if (Top < 1) throw new ArgumentException($"Top is {Top}; it must be at least 1.");
        if (Candidates < Top) throw new ArgumentException($"Candidates is {Candidates}; it must be at least Top ({Top}).");
        if (!(RerankWeight >= 0 && RerankWeight <= 1)) throw new ArgumentException(Invariant($"RerankWeight is {RerankWeight}; it must be between 0 (the search alone) and 1 (the reranker alone)."));
        if (!(RerankWithin >= 0)) throw new ArgumentException(Invariant($"RerankWithin is {RerankWithin}; it must not be negative."));
        if (Reranked < 0) throw new ArgumentException($"Reranked is {Reranked}; it must not be negative.");
    }
}

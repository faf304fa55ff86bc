using DomainTuning.Answering;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Runs;

/// <summary>A score that a later run of the recipe must come near to.</summary>
/// <param name="Of">An arm's or a search's name.</param>
/// <param name="Tolerance">Largest difference that is no news.</param>
public sealed record ExpectedScore(string Of, string Measure, double Value, double Tolerance);

/// <summary>All that decides an evaluation besides the program and the corpus; it lies beside every result and runs again with `evaluate reproduce`.</summary>
public sealed record EvaluationRecipe
{
    public required string Corpus { get; init; }

    /// <summary>train, validation or test. Default test.</summary>
    public string Split { get; init; } = "test";

    public required string ChatModel { get; init; }

    /// <summary>base, quote, rag, product, oracle, adapter, rag+adapter, or model ids. Empty: all that exist.</summary>
    public IReadOnlyList<string> Arms { get; init; } = [];

    /// <summary>So many questions, spread over the split by the hash of their ids; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Questions answered at once. Default 4, the engine's batch.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Of resampling; decoding is greedy and needs none.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>As the server searches.</summary>
    public RetrievalOptions Retrieval { get; init; } = new();

    /// <summary>"likelihood" or a cross-encoder's id; null for none.</summary>
    public string? Reranker { get; init; }

    /// <summary>Tokens of passages that a model reads. Default: <see cref="AnsweringOptions"/>'s.</summary>
    public int PassageTokens { get; init; } = new AnsweringOptions().PassageTokens;

    /// <summary>Most passages that a model reads for a short answer, as far as <see cref="PassageTokens"/> holds them. An adapter that says how many it was trained with reads those.</summary>
    public int Passages { get; init; } = new AnsweringOptions().ShortAnswerPassages;

    /// <summary>A chat model that judges answers besides the comparison with gold; null for none.</summary>
    public string? Judge { get; init; }

    public IReadOnlyList<ExpectedScore> Expected { get; init; } = [];

    public void Validate()
    {
        Retrieval.Validate();
        if (Split is not ("train" or "validation" or "test")) throw new ArgumentException($"The split is '{Split}'; train, validation or test is expected.");
        if (Parallel is < 1 or > 64) throw new ArgumentException($"--parallel is {Parallel}; 1 to 64 is expected.");
        if (Limit < 1) throw new ArgumentException($"--limit is {Limit}; at least 1 is expected.");
    }
}

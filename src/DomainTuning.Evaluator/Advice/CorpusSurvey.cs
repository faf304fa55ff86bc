namespace DomainTuning.Evaluator.Advice;

/// <summary>
/// What was measured about a corpus and a machine: numbers alone, no opinion; <see cref="AdviceRules"/> has those. Null says that it was not measured, and
/// <see cref="NotMeasured"/> why. Shares are 0 to 1.
/// </summary>
public sealed record CorpusSurvey
{
    public required string Corpus { get; init; }

    public required string ChatModel { get; init; }

    /// <summary>Weights of the base model.</summary>
    public long? Parameters { get; init; }

    public int Documents { get; init; }

    public int Chunks { get; init; }

    /// <summary>Median length of a chunk in the embedder's tokens.</summary>
    public int MedianChunkTokens { get; init; }

    /// <summary>Of the whole corpus under the base's tokenizer, from a sample of its chunks.</summary>
    public long? Tokens { get; init; }

    /// <summary>Share of the documents that are new, changed or gone since the last ingestion.</summary>
    public double? Churn { get; init; }

    /// <summary>Questions of the train split: what a training may see.</summary>
    public int Labelled { get; init; }

    /// <summary>Questions by split.</summary>
    public IReadOnlyDictionary<string, int> Questions { get; init; } = new Dictionary<string, int>();

    public double? TokensPerWord { get; init; }

    public double? GeneralTokensPerWord { get; init; }

    /// <summary>Share of the corpus' distinct words that are one token of the base.</summary>
    public double? KnownWords { get; init; }

    public double? Perplexity { get; init; }

    public double? GeneralPerplexity { get; init; }

    /// <summary>Share of questions that the base answers rightly from memory.</summary>
    public Sampled? ClosedBook { get; init; }

    /// <summary>Evidence page (or, for questions made from headings, the heading's own page) among the first results.</summary>
    public Sampled? PageAt1 { get; init; }

    public Sampled? PageAt2 { get; init; }

    public Sampled? PageAt10 { get; init; }

    /// <summary>The searches above were asked questions made from headings, because the corpus has none of its own.</summary>
    public bool FromHeadings { get; init; }

    /// <summary>Share of answerable questions whose accepted answer stands in the first two passages.</summary>
    public Sampled? InFirstPassages { get; init; }

    /// <summary>Share of questions that the quote arm gets right, without a language model.</summary>
    public Sampled? Quote { get; init; }

    public required string Processor { get; init; }

    public int Cores { get; init; }

    public double MemoryGigabytes { get; init; }

    /// <summary>Multiply-adds of floats on all cores, two operations each; see <see cref="FloatSpeed"/>.</summary>
    public double? Gflops { get; init; }

    /// <summary>Passages that the embedder takes a second.</summary>
    public double? ChunksPerSecond { get; init; }

    /// <summary>What a user said instead of measuring, by name: see <see cref="Assumptions"/>.</summary>
    public IReadOnlyDictionary<string, double> Assumed { get; init; } = new Dictionary<string, double>();

    /// <summary>Measurements that are missing, each with the reason.</summary>
    public IReadOnlyList<string> NotMeasured { get; init; } = [];
}

/// <summary>A share over so many questions.</summary>
public sealed record Sampled(double Share, int Questions);

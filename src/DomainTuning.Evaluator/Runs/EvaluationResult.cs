using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;

namespace DomainTuning.Evaluator.Runs;

/// <summary>A mean over questions with its 95 % bootstrap interval.</summary>
/// <param name="Questions">How many it is a mean of: those that the measure applies to.</param>
public sealed record MeanScore(double Mean, double Low, double High, int Questions);

/// <summary>How one search did.</summary>
/// <param name="ByKind">Question kind, then measure, to mean.</param>
public sealed record SearchSummary(
    string Name, string Description, string Identity, IReadOnlyDictionary<string, MeanScore> Scores, IReadOnlyDictionary<string, IReadOnlyDictionary<string, MeanScore>> ByKind,
    int Errors, double MedianSeconds);

/// <summary>A point of the risk–coverage curve: the share of all questions answered, and the share of errors among those.</summary>
public sealed record RiskPoint(double Coverage, double Risk);

/// <summary>What an arm costs. Times are medians over the questions, measured while others were answered at once.</summary>
public sealed record ArmCost(double PromptTokens, double CompletionTokens, double RetrievalSeconds, double? FirstTokenSeconds, double TotalSeconds, double? TokensPerSecond);

/// <summary>How one arm did.</summary>
public sealed record ArmSummary(
    string Name, string Description, string Identity, int Correct, int Wrong, int Refused, int Errors, IReadOnlyDictionary<string, MeanScore> Scores,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, MeanScore>> ByKind, IReadOnlyList<RiskPoint> RiskCoverage, ArmCost Cost);

/// <summary>Two arms or searches on the same questions: see <see cref="Statistics.PairedComparison"/>.</summary>
/// <param name="Kind">A question kind, or null for all.</param>
public sealed record PairRow(
    string Measure, string? Kind, string First, string Second, int Questions, double FirstMean, double SecondMean, double Difference, double Low, double High,
    double P, double AdjustedP, double? McNemarP, double Detectable, bool Distinguishable, string Verdict);

/// <summary>A passage that a search found.</summary>
public sealed record SearchHit(string Chunk, string Document, int FirstPage, int LastPage, double Score);

/// <summary>What a search found for a question, and its scores by measure; none for a question without evidence.</summary>
public sealed record QuestionSearch(IReadOnlyList<SearchHit> Hits, double Seconds, string? Error, IReadOnlyDictionary<string, double> Scores);

/// <summary>What an arm answered, what became of it, and its scores by measure. An error counts as a wrong answer.</summary>
public sealed record QuestionAnswer(ArmAnswer? Answer, string? Error, string Outcome, IReadOnlyDictionary<string, double> Scores, string? Judgement = null);

/// <summary>A question with all that was found and said.</summary>
public sealed record QuestionResult(Question Question, IReadOnlyDictionary<string, QuestionSearch> Searches, IReadOnlyDictionary<string, QuestionAnswer> Answers);

/// <summary>What the judge found, against gold.</summary>
/// <param name="Failures">Answers that the judge gave no readable verdict on.</param>
/// <param name="Agreement">Share of the judged answers where judge and gold say the same; null when none was judged.</param>
public sealed record JudgeSummary(string Model, int Judged, int Failures, double? Agreement, double? Kappa, IReadOnlyDictionary<string, double> SaysCorrect);

/// <summary>The machine that ran.</summary>
public sealed record MachineFacts(string Processor, int Cores, double MemoryGigabytes, string System, string Runtime, double PeakMemoryGigabytes);

/// <summary>The corpus that was asked.</summary>
public sealed record CorpusFacts(string Name, string Identity, string Embedder, int Chunks, IReadOnlyDictionary<string, string> DocumentSha256, string QuestionsSha256);

/// <summary>An evaluation: the recipe, the command, the machine, every answer, every score. results/&lt;run&gt;.json.</summary>
public sealed record EvaluationResult
{
    /// <summary>Of the file: 2 since passages stand once in a table. <see cref="ResultFile"/> reads both.</summary>
    public int Format { get; init; } = ResultFile.Format;

    public required string Run { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double Seconds { get; init; }

    public required string Command { get; init; }

    public required string Program { get; init; }

    public required EvaluationRecipe Recipe { get; init; }

    public required CorpusFacts Corpus { get; init; }

    public required MachineFacts Machine { get; init; }

    /// <summary>What a reader must know, such as training data that nobody recorded.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The adapters that arms answer through: provenance and forgetting.</summary>
    public IReadOnlyList<AdapterSummary> Adapters { get; init; } = [];

    public required IReadOnlyList<SearchSummary> Searches { get; init; }

    public required IReadOnlyList<ArmSummary> Arms { get; init; }

    public required IReadOnlyList<PairRow> SearchPairs { get; init; }

    public required IReadOnlyList<PairRow> ArmPairs { get; init; }

    public JudgeSummary? Judge { get; init; }

    public required IReadOnlyList<QuestionResult> Questions { get; init; }
}

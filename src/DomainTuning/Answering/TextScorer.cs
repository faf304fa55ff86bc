using Microsoft.Extensions.AI;

namespace DomainTuning.Answering;

/// <summary>
/// Says how likely a model finds a text: for evaluation, for the refusal threshold, and to order passages by the question they would raise
/// (query likelihood, arXiv 2204.07496). A local chat model offers it through <c>IChatClient.GetService(typeof(TextScorer))</c>; an endpoint may not. Thread-safe.
/// </summary>
public abstract class TextScorer
{
    /// <summary>Scores each continuation. Texts that begin alike are cheapest in one call.</summary>
    /// <returns>One score a request, in their order.</returns>
    public abstract Task<IReadOnlyList<TextScore>> ScoreAsync(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellationToken = default);
}

/// <summary>A text to be scored and what comes before it. The two are cut into tokens apart, so a word's leading space belongs to the continuation.</summary>
/// <param name="Prefix">Plain text before it, read but not scored. Empty: the continuation stands at the beginning, and its first token, which follows nothing, gets no score.</param>
/// <param name="Continuation">The text to be scored; must not be empty.</param>
public sealed record ScoringRequest(string Prefix, string Continuation)
{
    /// <summary>A chat before the prefix, in the model's own template, ending where the assistant begins. Default empty: plain text.</summary>
    public IReadOnlyList<ChatMessage> Chat { get; init; } = [];

    /// <summary>The arm, as in <see cref="ChatOptions.ModelId"/>. Default null: the client's own model.</summary>
    public string? ModelId { get; init; }
}

/// <summary>How likely a text is.</summary>
/// <param name="LogProbabilities">Natural logarithm of each token's probability given all before it.</param>
public sealed record TextScore(IReadOnlyList<double> LogProbabilities)
{
    public double Sum => LogProbabilities.Sum();

    public double Mean => LogProbabilities.Average();

    /// <summary>e to the mean negative log-probability: 1 for a text without surprise.</summary>
    public double Perplexity => Math.Exp(-Mean);
}

using System.Diagnostics;
using DomainTuning.Embeddings;

namespace DomainTuning.Answering;

/// <summary>How a chat model reads passages again.</summary>
public sealed record LikelihoodOptions
{
    /// <summary>No further passage is read after this time; those that were not read keep their place. Default 2 s: what a person waits for before an answer begins. Infinite makes a run repeatable.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Passages a call to the model. Default 4, what the local engine reads at once.</summary>
    public int Batch { get; init; } = 4;

    /// <summary>Characters of a passage that are read. Default 3,000: more than any chunk of the default size.</summary>
    public int PassageCharacters { get; init; } = 3000;
}

/// <summary>
/// Orders passages by how likely a chat model finds the question after each: Sachan et al., "Improving Passage Retrieval with Zero-Shot Question Generation",
/// EMNLP 2022 (arXiv 2204.07496). Needs no training. The score is the mean log-probability of the question's tokens. Mix it with the search's own score
/// (<see cref="Retrieval.RetrievalOptions.RerankWeight"/>). Thread-safe; the model stays its owner's.
/// </summary>
/// <param name="modelId">Named in reports.</param>
/// <param name="scorer">The chat model's: <c>GetService(typeof(TextScorer))</c>.</param>
public sealed class LikelihoodReranker(string modelId, TextScorer scorer, LikelihoodOptions? options = null, TimeProvider? clock = null) : Reranker
{
    private readonly LikelihoodOptions options = options ?? new LikelihoodOptions();
    private readonly TimeProvider clock = clock ?? TimeProvider.System;

    public override string Id => $"likelihood of {modelId}";

    public override async Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default)
    {
        var start = clock.GetTimestamp();
        var scores = new List<float>(passages.Count);
        foreach (var batch in passages.Chunk(options.Batch))
        {
            if (scores.Count > 0 && options.Budget != Timeout.InfiniteTimeSpan && clock.GetElapsedTime(start) >= options.Budget) break;
            var read = await scorer.ScoreAsync([.. batch.Select(passage => Request(query, passage))], cancellationToken).ConfigureAwait(false);
            if (read.Count != batch.Length) throw new UnreachableException($"The model scored {read.Count} of {batch.Length} passages.");
            scores.AddRange(read.Select(score => (float)score.Mean));
        }

        return scores;
    }

    private ScoringRequest Request(string query, string passage)
    {
        var end = Math.Min(passage.Length, options.PassageCharacters);
        if (end < passage.Length && char.IsHighSurrogate(passage[end - 1])) end--; // half a character is no text
        var text = passage[..end];
        return new ScoringRequest($"Passage: {text}\nPlease write a question based on this passage.\nQuestion:", " " + query.Trim());
    }
}

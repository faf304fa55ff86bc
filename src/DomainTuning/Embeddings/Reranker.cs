namespace DomainTuning.Embeddings;

/// <summary>Scores how well passages answer a query by reading both together: a cross-encoder, or a chat model that is asked how likely the question is. Higher is better; scores compare only within one query. Thread-safe.</summary>
public abstract class Reranker : IDisposable
{
    /// <summary>Name as in the model library.</summary>
    public abstract string Id { get; }

    /// <summary>
    /// One score a passage, in the order of the passages; fewer where a time budget ran out, and then those passages were not read. Long passages are cut,
    /// the query is kept whole where it fits.
    /// </summary>
    public abstract Task<IReadOnlyList<float>> ScoreAsync(string query, IReadOnlyList<string> passages, CancellationToken cancellationToken = default);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

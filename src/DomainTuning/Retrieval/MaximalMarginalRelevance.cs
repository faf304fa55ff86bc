using System.Numerics.Tensors;

namespace DomainTuning.Retrieval;

/// <summary>
/// Picks results that are near the query and far from one another: Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR 1998.
/// </summary>
public static class MaximalMarginalRelevance
{
    /// <summary>Values nearer than this are tied, and the lower index wins.</summary>
    private const double Tie = 1e-12;

    /// <param name="relevance">How well each candidate fits the query (a cosine).</param>
    /// <param name="similarity">How alike two candidates are, by index (a cosine).</param>
    /// <param name="lambda">1 is relevance alone, 0 is difference alone.</param>
    /// <returns>Indices in the order of choice, with λ · relevance − (1 − λ) · likeness to what was chosen before, at that moment.</returns>
    public static IReadOnlyList<(int Index, double Score)> Choose(IReadOnlyList<double> relevance, Func<int, int, double> similarity, double lambda, int count)
    {
        var chosen = new List<(int, double)>();
        var left = Enumerable.Range(0, relevance.Count).ToList();
        var nearest = new double[relevance.Count];
        while (chosen.Count < count && left.Count > 0)
        {
            var (best, bestScore) = (-1, double.NegativeInfinity);
            foreach (var candidate in left)
            {
                var score = (lambda * relevance[candidate]) - ((1 - lambda) * nearest[candidate]);
                if (score > bestScore + Tie) (best, bestScore) = (candidate, score);
            }

            left.Remove(best);
            foreach (var candidate in left)
            {
                var likeness = similarity(candidate, best);
                nearest[candidate] = chosen.Count == 0 ? likeness : Math.Max(nearest[candidate], likeness);
            }

            chosen.Add((best, bestScore));
        }

        return chosen;
    }

    /// <summary>The same with cosines of vectors.</summary>
    public static IReadOnlyList<(int Index, double Score)> Choose(ReadOnlyMemory<float> query, IReadOnlyList<ReadOnlyMemory<float>> vectors, double lambda, int count) =>
        Choose(
            [.. vectors.Select(vector => (double)TensorPrimitives.CosineSimilarity(query.Span, vector.Span))],
            (a, b) => TensorPrimitives.CosineSimilarity(vectors[a].Span, vectors[b].Span),
            lambda,
            count);
}

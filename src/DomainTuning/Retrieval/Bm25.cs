namespace DomainTuning.Retrieval;

/// <summary>
/// How rare and how frequent words weigh: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, in the form that Lucene uses
/// (idf never negative, the constant factor k1 + 1 left out), with true lengths and in double precision.
/// </summary>
/// <param name="K1">How soon repeats of a word stop counting.</param>
/// <param name="B">How much long texts are held back, 0 to 1.</param>
public readonly record struct Bm25Weights(double K1, double B)
{
    /// <summary>k1 0.9, b 0.4: pyserini's defaults, and what FACTS 15 was measured with.</summary>
    public static Bm25Weights Default => new(0.9, 0.4);

    /// <summary>Weight of a word that <paramref name="documentsWithIt"/> of <paramref name="documents"/> hold.</summary>
    public static double Rarity(long documents, long documentsWithIt) => Math.Log(1 + ((documents - documentsWithIt + 0.5) / (documentsWithIt + 0.5)));

    /// <summary>What <paramref name="frequency"/> occurrences count in a text of <paramref name="length"/> words; 0 to 1.</summary>
    public double Saturation(int frequency, int length, double averageLength) =>
        frequency / (frequency + (K1 * (1 - B + (B * length / averageLength))));
}

/// <summary>BM25 over texts in memory, for small sets such as the sentences of a few passages. Thread-safe.</summary>
public sealed class Bm25
{
    private readonly Bm25Weights weights;
    private readonly int[] lengths;
    private readonly Dictionary<string, List<(int Document, int Frequency)>> postings = new(StringComparer.Ordinal);

    /// <param name="documents">The terms of each text: <see cref="Analyzer.Analyze"/>.</param>
    public Bm25(IReadOnlyList<IReadOnlyList<string>> documents, Bm25Weights? weights = null)
    {
        this.weights = weights ?? Bm25Weights.Default;
        lengths = [.. documents.Select(terms => terms.Count)];
        AverageLength = lengths.Length == 0 ? 0 : lengths.Average();
        for (var document = 0; document < documents.Count; document++)
            foreach (var (term, frequency) in documents[document].CountBy(term => term))
            {
                if (!postings.TryGetValue(term, out var places)) postings[term] = places = [];
                places.Add((document, frequency));
            }
    }

    public double AverageLength { get; }

    /// <summary>How many different terms there are.</summary>
    public int Vocabulary => postings.Count;

    /// <summary>How many texts hold the term.</summary>
    public int DocumentsWith(string term) => postings.TryGetValue(term, out var places) ? places.Count : 0;

    /// <summary>One score a text, 0 where it shares no term with the query. A term that the query repeats counts again.</summary>
    public double[] Score(IReadOnlyList<string> query)
    {
        var scores = new double[lengths.Length];
        foreach (var term in query)
        {
            if (!postings.TryGetValue(term, out var places)) continue;
            var rarity = Bm25Weights.Rarity(lengths.Length, places.Count);
            foreach (var (document, frequency) in places) scores[document] += rarity * weights.Saturation(frequency, lengths[document], AverageLength);
        }

        return scores;
    }
}

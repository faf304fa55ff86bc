using System.IO.Hashing;
using System.Text;
using DomainTuning.Retrieval;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// BM25 in two halves: how often a term stands in a chunk of what length is computed here and stored as a sparse vector; how rare it is, is the server's part
/// (the modifier "idf", with the same formula as <see cref="Bm25Weights.Rarity"/>). A term is known by 32 bits of its hash.
/// </summary>
internal static class WordWeights
{
    /// <summary>Null for a text without a term, which gets no sparse vector.</summary>
    public static SparseVector? OfChunk(string embeddedText, double averageLength)
    {
        var words = Analyzer.Analyze(embeddedText);
        var weights = Bm25Weights.Default;
        return ToVector(words.Terms.Concat(words.Fallbacks).CountBy(term => term), count => (float)weights.Saturation(count, words.Terms.Count, averageLength));
    }

    /// <summary>A term that the query repeats counts again. Null for a query without a term.</summary>
    public static SparseVector? OfQuery(string query) => ToVector(Analyzer.Analyze(query).QueryTerms.CountBy(term => term), count => count);

    /// <summary>Terms of a chunk, as <see cref="OfChunk"/> counts its length.</summary>
    public static int Length(string embeddedText) => Analyzer.Analyze(embeddedText).Terms.Count;

    private static SparseVector? ToVector(IEnumerable<KeyValuePair<string, int>> counts, Func<int, float> weight)
    {
        var byTerm = new SortedDictionary<uint, float>();
        foreach (var (term, count) in counts)
        {
            var key = XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(term));
            byTerm[key] = byTerm.GetValueOrDefault(key) + weight(count);
        }

        if (byTerm.Count == 0) return null;
        var vector = new SparseVector();
        vector.Indices.AddRange(byTerm.Keys);
        vector.Values.AddRange(byTerm.Values);
        return vector;
    }
}

using DomainTuning.Answering.Words;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering.Quotes;

/// <summary>The words of a question that say what it is about, each with its rarity in the corpus.</summary>
internal sealed class QuestionTerms
{
    /// <summary>Chunks looked at for a word; one that stands in more counts as common.</summary>
    private const int CommonChunks = 64;

    /// <summary>Words looked up; the rest of a longer text (a pasted page) is not weighed.</summary>
    private const int MostTerms = 32;

    private readonly Dictionary<string, double> weights;

    private QuestionTerms(string question, Dictionary<string, double> weights, IReadOnlyList<string> unknownCodes)
    {
        Question = question;
        this.weights = weights;
        UnknownCodes = unknownCodes;
        TotalWeight = weights.Values.Sum();
    }

    public string Question { get; }

    /// <summary>Inverse document frequency by term key.</summary>
    public IReadOnlyDictionary<string, double> Weights => weights;

    public double TotalWeight { get; }

    /// <summary>Codes ("G99.7", "CYCLE832") that stand nowhere in the corpus: whoever asks about them asks about something else.</summary>
    public IReadOnlyList<string> UnknownCodes { get; }

    public static async Task<QuestionTerms> OfAsync(string question, ChunkIndex index, ChunkFilter filter, CancellationToken cancellationToken)
    {
        var chunks = await index.CountAsync(filter, cancellationToken).ConfigureAwait(false);
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        var unknown = new List<string>();
        foreach (var term in Term.Of(question).Where(term => term.IsContent).DistinctBy(term => term.Key).Take(MostTerms))
        {
            var word = question.Substring(term.Start, term.Length);
            var found = await index.SearchLexicalAsync(word, CommonChunks, filter, cancellationToken).ConfigureAwait(false);

            // An index may cut a code in pieces ("G33.1" → "G33", "1"); ours must be there whole.
            var holding = term.Kind == TermKind.Word ? found.Count : found.Count(hit => Holds(hit.Chunk.EmbeddedText, term.Key));
            weights[term.Key] = Bm25Weights.Rarity(Math.Max(chunks, holding), holding);
            if (holding == 0 && term.Kind == TermKind.Code) unknown.Add(word);
        }

        return new QuestionTerms(question, weights, unknown);
    }

    /// <summary>The share of the question's weight that these term keys hold, 0 to 1; 0 for a question of stop words.</summary>
    public double Coverage(IReadOnlySet<string> keys)
    {
        var held = 0.0;
        foreach (var (key, weight) in weights)
            if (keys.Contains(key))
                held += weight;
        return TotalWeight == 0 ? 0 : held / TotalWeight;
    }

    private static bool Holds(string text, string key) => Term.Of(text).Any(term => term.Key == key);
}

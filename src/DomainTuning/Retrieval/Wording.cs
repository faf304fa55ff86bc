namespace DomainTuning.Retrieval;

/// <summary>
/// What a question asks for, apart from how it is asked: the words that search counts (folded, stemmed, without stop words), here also without question
/// words. Two questions are nearly the same from <see cref="NearDuplicate"/> on.
/// </summary>
public sealed class Wording
{
    /// <summary>Jaccard coefficient of the content words of two questions that ask nearly the same.</summary>
    public const double NearDuplicate = 0.8;

    /// <summary>As the analyzer leaves them. They say how one asks, not what for.</summary>
    private static readonly HashSet<string> QuestionWords = new(StringComparer.Ordinal)
    {
        "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "do", "doe", "did", "can", "could", "should", "would", "must", "may", "i", "my", "me", "you", "your", "we", "our",
        "have", "ha", "had", "much", "mani", "am",
    };

    private readonly HashSet<string> words;

    private Wording(HashSet<string> words) => this.words = words;

    public static Wording Of(string text) => new([.. Analyzer.Analyze(text).Terms.Where(term => !QuestionWords.Contains(term))]);

    /// <summary>Shared words over all words, 0 to 1; 0 when nothing is shared.</summary>
    public double Likeness(Wording other)
    {
        var (fewer, more) = words.Count < other.words.Count ? (words, other.words) : (other.words, words);
        var shared = fewer.Count(more.Contains);
        return shared == 0 ? 0 : (double)shared / (words.Count + other.words.Count - shared);
    }
}

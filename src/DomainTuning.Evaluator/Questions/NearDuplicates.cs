using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Questions;

/// <summary>
/// Questions of different splits that are nearly the same, so that a test would ask what was trained. Two measures: the Jaccard coefficient of their
/// content words (the words that search counts: folded, stemmed, without stop words, and here also without question words) is at least
/// <see cref="Threshold"/>; or they share an evidence quote on the same page.
/// </summary>
internal static class NearDuplicates
{
    public const double Threshold = 0.8;

    /// <summary>As the analyzer leaves them. They say how one asks, not what for.</summary>
    private static readonly HashSet<string> QuestionWords = new(StringComparer.Ordinal)
    {
        "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "do", "doe", "did", "can", "could", "should", "would", "must", "may", "i", "my", "me", "you", "your", "we", "our",
        "have", "ha", "had", "much", "mani", "am",
    };

    public static IEnumerable<QuestionFinding> Find(IReadOnlyList<QuestionLine> lines) => SimilarTexts(lines).Concat(SharedQuotes(lines));

    private static IEnumerable<QuestionFinding> SimilarTexts(IReadOnlyList<QuestionLine> lines)
    {
        var words = lines.Select(line => Words(line.Question.Text)).ToList();
        for (var i = 0; i < lines.Count; i++)
            for (var j = 0; j < i; j++)
                if (lines[i].Question.Split != lines[j].Question.Split && Jaccard(words[i], words[j]) is var likeness and >= Threshold)
                    yield return Finding(lines[i], lines[j], string.Create(CultureInfo.InvariantCulture, $"asks nearly the same ({likeness:0.00} of the content words)"));
    }

    private static IEnumerable<QuestionFinding> SharedQuotes(IReadOnlyList<QuestionLine> lines)
    {
        var first = new Dictionary<(string Document, int Page, string Quote), QuestionLine>();
        foreach (var line in lines)
            foreach (var evidence in line.Question.Evidence)
            {
                var key = (evidence.Document, evidence.Page, VerbatimText.Fold(evidence.Quote));
                if (first.TryAdd(key, line) || first[key].Question.Split == line.Question.Split) continue;
                yield return Finding(line, first[key], $"has the same evidence ({evidence.Document} p. {evidence.Page.ToString(CultureInfo.InvariantCulture)}: \"{evidence.Quote}\")");
            }
    }

    private static QuestionFinding Finding(QuestionLine line, QuestionLine other, string what) => new(
        line.Line, line.Question.Id,
        $"{what} as {other.Question.Id}, which is in {QuestionFile.NameOf(other.Question.Split)} while this one is in {QuestionFile.NameOf(line.Question.Split)}. Put both into one split, or drop one.");

    private static HashSet<string> Words(string text) => [.. Analyzer.Analyze(text).Terms.Where(term => !QuestionWords.Contains(term))];

    private static double Jaccard(HashSet<string> a, HashSet<string> b)
    {
        var shared = a.Count < b.Count ? a.Count(b.Contains) : b.Count(a.Contains);
        return shared == 0 ? 0 : (double)shared / (a.Count + b.Count - shared);
    }
}

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>Overlap of an answer with a reference.</summary>
public readonly record struct OverlapScore(double Precision, double Recall, double F)
{
    internal static OverlapScore From(int shared, int answer, int reference)
    {
        var (precision, recall) = ((double)shared / Math.Max(answer, 1), (double)shared / Math.Max(reference, 1));
        return new OverlapScore(precision, recall, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0);
    }
}

/// <summary>
/// ROUGE: C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, with the tokens of the rouge_score package: runs of a-z and 0-9.
/// Texts in other scripts therefore score 0; use <see cref="Chrf"/> for them.
/// </summary>
public static class Rouge
{
    /// <summary>Shared n-grams.</summary>
    public static OverlapScore N(int n, string answer, string reference, bool stemmed = false)
    {
        var (a, b) = (Grams(Tokens(answer, stemmed), n), Grams(Tokens(reference, stemmed), n));
        var counts = b.CountBy(gram => gram, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return OverlapScore.From(a.CountBy(gram => gram, StringComparer.Ordinal).Sum(entry => Math.Min(entry.Value, counts.GetValueOrDefault(entry.Key))), a.Count, b.Count);
    }

    /// <summary>Longest common subsequence.</summary>
    public static OverlapScore L(string answer, string reference, bool stemmed = false)
    {
        var (a, b) = (Tokens(answer, stemmed), Tokens(reference, stemmed));
        return OverlapScore.From(CommonPlaces(b, a).Count, a.Count, b.Count);
    }

    /// <summary>Lines are sentences: for each of the reference, the union of its common subsequences with all of the answer.</summary>
    public static OverlapScore Lsum(string answer, string reference, bool stemmed = false)
    {
        var (a, b) = (Sentences(answer, stemmed), Sentences(reference, stemmed));
        var left = a.SelectMany(sentence => sentence).CountBy(token => token).ToDictionary();
        var wanted = b.SelectMany(sentence => sentence).CountBy(token => token).ToDictionary();
        var hits = 0;
        foreach (var sentence in b)
            foreach (var place in a.SelectMany(other => CommonPlaces(sentence, other)).Distinct().Order())
            {
                var token = sentence[place];
                if (left.GetValueOrDefault(token) == 0 || wanted.GetValueOrDefault(token) == 0) continue;
                hits++;
                left[token]--;
                wanted[token]--;
            }

        return OverlapScore.From(hits, a.Sum(sentence => sentence.Count), b.Sum(sentence => sentence.Count));
    }

    public static IReadOnlyList<string> Tokens(string text, bool stemmed = false)
    {
        var tokens = new List<string>();
        text = PythonText.Lower(text);
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && text[end] is (>= 'a' and <= 'z') or (>= '0' and <= '9')) end++;
            if (end > at) tokens.Add(stemmed && end - at > 3 ? ExtendedPorterStemmer.Stem(text[at..end]) : text[at..end]);
            at = end + 1;
        }

        return tokens;
    }

    private static List<string> Grams(IReadOnlyList<string> tokens, int n) =>
        [.. Enumerable.Range(0, Math.Max(0, tokens.Count - n + 1)).Select(i => string.Join(' ', tokens.Skip(i).Take(n)))];

    private static List<IReadOnlyList<string>> Sentences(string text, bool stemmed) =>
        [.. text.Split('\n').Where(line => line.Length > 0).Select(line => Tokens(line, stemmed))];

    /// <summary>Places in <paramref name="reference"/> of one longest common subsequence: the one that a walk back from the end finds, as in rouge_score.</summary>
    private static List<int> CommonPlaces(IReadOnlyList<string> reference, IReadOnlyList<string> answer)
    {
        var lengths = new int[reference.Count + 1, answer.Count + 1];
        for (var i = 1; i <= reference.Count; i++)
            for (var j = 1; j <= answer.Count; j++)
                lengths[i, j] = reference[i - 1] == answer[j - 1] ? lengths[i - 1, j - 1] + 1 : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);

        var places = new List<int>();
        for (var (i, j) = (reference.Count, answer.Count); i > 0 && j > 0;)
        {
            if (reference[i - 1] == answer[j - 1])
            {
                places.Add(--i);
                j--;
            }
            else if (lengths[i, j - 1] > lengths[i - 1, j])
            {
                j--;
            }
            else
            {
                i--;
            }
        }

        return places;
    }
}

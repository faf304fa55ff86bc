namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// chrF: M. Popović, WMT 2015; with two word orders chrF++ (WMT 2017). As sacreBLEU computes it: white space ignored, recall counts twice as much as
/// precision. Scores are 0 to 100. Works for every script, so it stands in where ROUGE knows only a-z.
/// </summary>
public static class Chrf
{
    private const int CharacterOrder = 6;
    private const double BetaSquared = 4;
    private const double Epsilon = 1e-16;
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>The best over the references.</summary>
    /// <param name="wordOrder">0 for chrF, 2 for chrF++.</param>
    public static double Sentence(string answer, IReadOnlyList<string> references, int wordOrder = 0) =>
        references.Max(reference => Score(Counts(answer, reference, wordOrder)));

    /// <summary>Counts added over all answers, each with its best reference.</summary>
    public static double Corpus(IEnumerable<(string Answer, IReadOnlyList<string> References)> pairs, int wordOrder = 0)
    {
        var sums = new GramCounts[CharacterOrder + wordOrder];
        foreach (var (answer, references) in pairs)
        {
            var best = references.Select(reference => Counts(answer, reference, wordOrder)).MaxBy(Score)!;
            for (var i = 0; i < sums.Length; i++) sums[i] += best[i];
        }

        return Score(sums);
    }

    private static GramCounts[] Counts(string answer, string reference, int wordOrder)
    {
        answer = PythonText.TrimEnd(answer);
        reference = PythonText.TrimEnd(reference);
        var counts = new GramCounts[CharacterOrder + wordOrder];
        Count(Characters(answer), Characters(reference), CharacterOrder, counts);
        if (wordOrder > 0) Count(Words(answer), Words(reference), wordOrder, counts.AsSpan(CharacterOrder));
        return counts;
    }

    private static void Count(List<string> answer, List<string> reference, int order, Span<GramCounts> counts)
    {
        for (var n = 1; n <= order; n++)
        {
            var (a, b) = (Grams(answer, n), Grams(reference, n));
            counts[n - 1] = new GramCounts(
                b.Count == 0 ? 0 : a.Values.Sum(), b.Values.Sum(), a.Sum(entry => Math.Min(entry.Value, b.GetValueOrDefault(entry.Key))));
        }
    }

    private static double Score(GramCounts[] counts)
    {
        var (precision, recall, orders) = (0.0, 0.0, 0);
        foreach (var (answer, reference, shared) in counts)
        {
            if (answer == 0 || reference == 0) continue;
            precision += (double)shared / answer;
            recall += (double)shared / reference;
            orders++;
        }

        if (orders == 0 || precision + recall < Epsilon) return 0;
        precision /= orders;
        recall /= orders;
        return 100 * (1 + BetaSquared) * precision * recall / ((BetaSquared * precision) + recall);
    }

    private static List<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            if (!(rune.IsBmp && PythonText.IsSpace((char)rune.Value))) characters.Add(rune.ToString());
        return characters;
    }

    /// <summary>A punctuation mark at the end of a word, else one at its start, stands alone.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        foreach (var word in PythonText.Split(text))
        {
            if (word.Length == 1) words.Add(word);
            else if (Punctuation.Contains(word[^1], StringComparison.Ordinal)) words.AddRange([word[..^1], word[^1..]]);
            else if (Punctuation.Contains(word[0], StringComparison.Ordinal)) words.AddRange([word[..1], word[1..]]);
            else words.Add(word);
        }

        return words;
    }

    private static Dictionary<string, int> Grams(List<string> units, int n) =>
        Enumerable.Range(0, Math.Max(0, units.Count - n + 1)).Select(i => string.Join('\u0001', units.GetRange(i, n))).CountBy(gram => gram, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

    private readonly record struct GramCounts(int Answer, int Reference, int Shared)
    {
        public static GramCounts operator +(GramCounts a, GramCounts b) => new(a.Answer + b.Answer, a.Reference + b.Reference, a.Shared + b.Shared);
    }
}

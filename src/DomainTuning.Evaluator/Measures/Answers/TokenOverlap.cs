using System.Text;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// Exact match and token F1 of SQuAD. The two versions differ in the border cases only: 2.0 drops accepted answers that normalise to nothing, and an
/// empty answer to a question without one counts as right. Every other caller wants 2.0.
/// </summary>
public static class TokenOverlap
{
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    /// <summary>Equal to an accepted answer once normalised.</summary>
    public static bool ExactMatch(string answer, IReadOnlyList<string> golds) => Accepted(golds).Any(gold => Normalise(gold) == Normalise(answer));

    /// <summary>The best F1 over the accepted answers.</summary>
    public static double F1(string answer, IReadOnlyList<string> golds) => Accepted(golds).Max(gold => F1(Tokens(answer), Tokens(gold), bothEmpty: 1));

    /// <summary>By the rule of SQuAD 1.1.</summary>
    public static bool ExactMatchVersion1(string answer, IReadOnlyList<string> golds) => golds.Any(gold => Normalise(gold) == Normalise(answer));

    /// <summary>By the rule of SQuAD 1.1.</summary>
    public static double F1Version1(string answer, IReadOnlyList<string> golds) => golds.Max(gold => F1(Tokens(answer), Tokens(gold), bothEmpty: 0));

    /// <summary>Lower case, without ASCII punctuation, then without articles, words separated by single spaces. In this order: "the-end" is one word.</summary>
    public static string Normalise(string text)
    {
        var bare = new StringBuilder(text.Length);
        foreach (var c in PythonText.Lower(text))
            if (!Punctuation.Contains(c, StringComparison.Ordinal)) bare.Append(c);
        return string.Join(' ', PythonText.Split(WithoutArticles(bare.ToString())));
    }

    internal static double F1<T>(IReadOnlyList<T> answer, IReadOnlyList<T> gold, double bothEmpty)
        where T : notnull
    {
        if (answer.Count == 0 || gold.Count == 0) return answer.Count == gold.Count ? bothEmpty : 0;
        var counts = gold.CountBy(token => token).ToDictionary();
        var shared = answer.CountBy(token => token).Sum(entry => Math.Min(entry.Value, counts.GetValueOrDefault(entry.Key)));
        return Harmonic(shared, answer.Count, gold.Count);
    }

    /// <summary>F1 from the number of shared tokens.</summary>
    internal static double Harmonic(int shared, int answer, int gold)
    {
        if (shared == 0) return 0;
        var (precision, recall) = ((double)shared / answer, (double)shared / gold);
        return 2 * precision * recall / (precision + recall);
    }

    private static string[] Tokens(string text) => PythonText.Split(Normalise(text));

    private static List<string> Accepted(IReadOnlyList<string> golds)
    {
        var kept = golds.Where(gold => Normalise(gold).Length > 0).ToList();
        return kept.Count > 0 ? kept : [""];
    }

    /// <summary>A run of word characters that is an article becomes a space.</summary>
    private static string WithoutArticles(string text)
    {
        var kept = new StringBuilder(text.Length);
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (PythonText.IsWord(rune))
            {
                word.Append(rune);
                continue;
            }

            Flush();
            kept.Append(rune);
        }

        Flush();
        return kept.ToString();

        void Flush()
        {
            kept.Append(word.ToString() is var run && run is "a" or "an" or "the" ? " " : run);
            word.Clear();
        }
    }
}

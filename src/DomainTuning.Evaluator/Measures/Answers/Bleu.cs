namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// BLEU: Papineni et al., ACL 2002, as sacreBLEU computes it (Post, WMT 2018): exponential smoothing, the reference of the nearest length. Scores are 0 to 100.
/// </summary>
/// <param name="Precisions">Of 1- to 4-grams, 0 to 100, smoothed.</param>
public sealed record Bleu(double Score, IReadOnlyList<double> Precisions, double BrevityPenalty, int AnswerLength, int ReferenceLength)
{
    private const int Order = 4;

    /// <summary>One answer. The order is shortened to its length ("effective order"), without which nearly every short answer scores 0.</summary>
    public static Bleu Sentence(string answer, IReadOnlyList<string> references, BleuTokens tokens = BleuTokens.Standard13a, bool lowerCase = false, bool effectiveOrder = true) =>
        From([(answer, references)], tokens, lowerCase, effectiveOrder);

    /// <summary>Counts added over all answers; not the mean of sentence scores.</summary>
    public static Bleu Corpus(IEnumerable<(string Answer, IReadOnlyList<string> References)> pairs, BleuTokens tokens = BleuTokens.Standard13a, bool lowerCase = false) =>
        From(pairs, tokens, lowerCase, effectiveOrder: false);

    private static Bleu From(IEnumerable<(string Answer, IReadOnlyList<string> References)> pairs, BleuTokens tokens, bool lowerCase, bool effectiveOrder)
    {
        var (matches, totals) = (new int[Order], new int[Order]);
        var (answerLength, referenceLength) = (0, 0);
        foreach (var (text, texts) in pairs)
        {
            var answer = Cut(text);
            var references = texts.Select(Cut).ToList();
            answerLength += answer.Length;
            referenceLength += references.Select(reference => reference.Length).OrderBy(length => Math.Abs(length - answer.Length)).ThenBy(length => length).First();
            for (var n = 1; n <= Order; n++)
            {
                var most = references.SelectMany(reference => Grams(reference, n)).GroupBy(entry => entry.Key, StringComparer.Ordinal)
                    .ToDictionary(group => group.Key, group => group.Max(entry => entry.Value), StringComparer.Ordinal);
                matches[n - 1] += Grams(answer, n).Sum(entry => Math.Min(entry.Value, most.GetValueOrDefault(entry.Key)));
                totals[n - 1] += Math.Max(0, answer.Length - n + 1);
            }
        }

        return From(matches, totals, answerLength, referenceLength, effectiveOrder);

        string[] Cut(string text) => tokens.Cut(PythonText.TrimEnd(lowerCase ? PythonText.Lower(text) : text));
    }

    private static Bleu From(int[] matches, int[] totals, int answerLength, int referenceLength, bool effectiveOrder)
    {
        var penalty = answerLength >= referenceLength ? 1 : answerLength == 0 ? 0 : Math.Exp(1 - ((double)referenceLength / answerLength));
        var precisions = new double[Order];
        if (matches.All(count => count == 0)) return new Bleu(0, precisions, penalty, answerLength, referenceLength);
        var (order, smoothing) = (Order, 1.0);
        for (var n = 1; n <= Order && totals[n - 1] > 0; n++)
        {
            if (effectiveOrder) order = n;
            if (matches[n - 1] == 0) smoothing *= 2;
            precisions[n - 1] = matches[n - 1] == 0 ? 100 / (smoothing * totals[n - 1]) : 100.0 * matches[n - 1] / totals[n - 1];
        }

        var score = penalty * Math.Exp(precisions.Take(order).Sum(Math.Log) / order);
        return new Bleu(score, precisions, penalty, answerLength, referenceLength);
    }

    private static Dictionary<string, int> Grams(string[] tokens, int n) =>
        Enumerable.Range(0, Math.Max(0, tokens.Length - n + 1)).Select(i => string.Join(' ', tokens, i, n)).CountBy(gram => gram, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
}

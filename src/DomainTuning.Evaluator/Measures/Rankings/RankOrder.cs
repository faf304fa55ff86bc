namespace DomainTuning.Evaluator.Measures.Rankings;

/// <summary>How exactly scores are compared.</summary>
public enum ScorePrecision
{
    /// <summary>trec_eval up to 9.0.8, and all that is built on it (pytrec_eval, ir_measures, BEIR): scores that differ only beyond single precision tie.</summary>
    Single,

    /// <summary>trec_eval 10.</summary>
    Double,
}

/// <summary>
/// trec_eval's order of a result list: score descending, ties by document id descending, ids compared as UTF-8 bytes. Neither the order nor the rank
/// that a run states counts.
/// </summary>
public static class RankOrder
{
    public static IReadOnlyList<string> Of(IEnumerable<ScoredDocument> results, ScorePrecision precision = ScorePrecision.Single)
    {
        var ranked = results.Select(result => (result.Document, Score: precision == ScorePrecision.Single ? (float)result.Score : result.Score)).ToArray();
        Array.Sort(ranked, (a, b) => a.Score == b.Score ? CompareUtf8(b.Document, a.Document) : b.Score.CompareTo(a.Score));
        return [.. ranked.Select(result => result.Document)];
    }

    /// <summary>The order of the UTF-8 bytes is the order of the code points; UTF-16 puts surrogates before U+E000.</summary>
    internal static int CompareUtf8(string a, string b)
    {
        var length = Math.Min(a.Length, b.Length);
        for (var i = 0; i < length; i++)
            if (a[i] != b[i]) return Weight(a[i]).CompareTo(Weight(b[i]));
        return a.Length.CompareTo(b.Length);
    }

    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// Exact match and F1 of CMRC 2018: each Chinese character is a token, the runs in between are cut into words, listed punctuation is dropped.
/// <see cref="RunF1"/> is the published rule, the longest common contiguous run; <see cref="BagF1"/> counts shared tokens in any order.
/// </summary>
public static class ChineseOverlap
{
    /// <summary>The published list. Its "……" is a text of two characters and so never drops "…"; ASCII . , ! ? are not in it.</summary>
    private const string Dropped = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』";

    public static bool ExactMatch(string answer, IReadOnlyList<string> golds) => golds.Any(gold => Bare(gold) == Bare(answer));

    /// <summary>The best over the accepted answers.</summary>
    public static double RunF1(string answer, IReadOnlyList<string> golds) =>
        golds.Max(gold => Segments(answer) is var a && Segments(gold) is var b ? TokenOverlap.Harmonic(LongestCommonRun(a, b), a.Count, b.Count) : 0);

    /// <summary>The best over the accepted answers.</summary>
    public static double BagF1(string answer, IReadOnlyList<string> golds) => golds.Max(gold => TokenOverlap.F1(Segments(answer), Segments(gold), bothEmpty: 0));

    public static IReadOnlyList<string> Segments(string text)
    {
        var segments = new List<string>();
        var start = 0;
        var bare = Bare(text);
        for (var i = 0; i <= bare.Length; i++)
        {
            var chinese = i < bare.Length && bare[i] is >= '\u4E00' and <= '\u9FA5';
            if (i < bare.Length && !chinese) continue;
            if (i > start) segments.AddRange(TreebankWords.Of(bare[start..i]));
            if (chinese) segments.Add(bare[i].ToString());
            start = i + 1;
        }

        return segments;
    }

    private static string Bare(string text) => string.Concat(PythonText.Trim(PythonText.Lower(text)).Where(c => !Dropped.Contains(c, StringComparison.Ordinal)));

    private static int LongestCommonRun(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        var longest = 0;
        var runs = new int[b.Count + 1];
        for (var i = 1; i <= a.Count; i++)
            for (var j = b.Count; j >= 1; j--)
            {
                runs[j] = a[i - 1] == b[j - 1] ? runs[j - 1] + 1 : 0;
                longest = Math.Max(longest, runs[j]);
            }

        return longest;
    }
}

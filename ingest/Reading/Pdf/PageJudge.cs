namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Says when a page's text is missing or looks wrong, so that it is never indexed in silence.</summary>
internal static class PageJudge
{
    public const string PictureOnly = "picture only";
    public const string UnknownGlyphs = "unknown glyphs";
    public const string NoSpaces = "no spaces";
    public const string ImplausibleLetters = "implausible letters";

    /// <param name="glyphs">Signs printed.</param>
    /// <param name="unknown">Those without meaning.</param>
    /// <param name="pictures">Images on the page.</param>
    /// <param name="drawings">Filled shapes: text is sometimes drawn as curves.</param>
    public static string? Judge(int glyphs, int unknown, IReadOnlyList<string> words, int pictures, int drawings)
    {
        if (glyphs < 16 && (pictures > 0 || (glyphs == 0 && drawings >= 40))) return PictureOnly;
        if (glyphs == 0) return null;
        if (unknown > 0.3 * glyphs) return UnknownGlyphs;

        var latin = 0;
        int letters = 0, vowels = 0, cjk = 0, signs = 0;
        foreach (var word in words)
            foreach (var c in word)
            {
                signs++;
                if (char.IsAsciiLetter(c)) latin++;
                if (char.IsLetter(c)) letters++;
                if (GlyphText.IsCjk(c)) cjk++;
                if ("aeiouyAEIOUY".Contains(c, StringComparison.Ordinal)) vowels++;
            }

        if (signs < 200 || cjk > 0.1 * signs) return null;
        if (words.Sum(word => (long)word.Length) / (double)words.Count > 25) return NoSpaces;
        // English has 38 % vowels among its letters, Polish and Czech above 33 %; a shifted encoding scatters them.
        if (latin > 0.5 * signs && vowels < 0.15 * latin) return ImplausibleLetters;
        // Few letters and no numbers either, yet many different signs: rows of "***" and "....." are redactions and leaders, not an encoding.
        if (letters < 0.1 * signs && words.Count(word => word.Any(char.IsDigit)) < 0.2 * words.Count && FewSigns(words) < 0.6 * signs) return ImplausibleLetters;
        return null;
    }

    /// <summary>How often the page's four most frequent signs stand on it.</summary>
    private static int FewSigns(IReadOnlyList<string> words) =>
        words.SelectMany(word => word).GroupBy(c => c).Select(group => group.Count()).OrderDescending().Take(4).Sum();
}

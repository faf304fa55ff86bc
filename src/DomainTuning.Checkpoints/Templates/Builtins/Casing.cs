using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Full case mapping: some letters become several (ß is SS in upper case), which .NET's own mapping does not do.</summary>
internal static class Casing
{
    // Unicode's SpecialCasing.txt without conditions; Greek letters with iota below are left to the simple mapping.
    private static readonly Dictionary<int, string> Uppers = new()
    {
        [0xDF] = "SS", [0x149] = "\u02BCN", [0x1F0] = "J\u030C", [0x390] = "\u0399\u0308\u0301", [0x3B0] = "\u03A5\u0308\u0301", [0x587] = "\u0535\u0552",
        [0x1E96] = "H\u0331", [0x1E97] = "T\u0308", [0x1E98] = "W\u030A", [0x1E99] = "Y\u030A", [0x1E9A] = "A\u02BE",
        [0xFB00] = "FF", [0xFB01] = "FI", [0xFB02] = "FL", [0xFB03] = "FFI", [0xFB04] = "FFL", [0xFB05] = "ST", [0xFB06] = "ST",
        [0xFB13] = "\u0544\u0546", [0xFB14] = "\u0544\u0535", [0xFB15] = "\u0544\u053B", [0xFB16] = "\u054E\u0546", [0xFB17] = "\u0544\u053D",
    };

    public static string Upper(Rune rune) => Uppers.GetValueOrDefault(rune.Value) ?? Rune.ToUpperInvariant(rune).ToString();

    public static string Title(Rune rune)
    {
        if (Uppers.GetValueOrDefault(rune.Value) is not { } upper) return Rune.ToUpperInvariant(rune).ToString();
        var first = char.IsHighSurrogate(upper[0]) ? 2 : 1;
        return upper[..first] + upper[first..].ToLowerInvariant();
    }

    public static string Lower(Rune rune, string text, int at)
    {
        const int dottedI = 0x130, sigma = 0x3A3;
        if (rune.Value == dottedI) return "i\u0307";
        if (rune.Value == sigma) return IsFinal(text, at) ? "\u03C2" : "\u03C3";
        return Rune.ToLowerInvariant(rune).ToString();
    }

    public static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    /// <summary>A sigma is final after a cased letter and before none, case-ignorable characters not counted.</summary>
    private static bool IsFinal(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsIgnorable(text[before])) before--;
        var after = at + 1;
        while (after < text.Length && IsIgnorable(text[after])) after++;
        return before >= 0 && Cased(text[before]) && !(after < text.Length && Cased(text[after]));

        static bool Cased(char character) => !char.IsSurrogate(character) && IsCased(new Rune(character));
    }

    private static bool IsIgnorable(char character) => character is '\'' or '.' or ':' or '\u2019' or '\u00B7' || char.GetUnicodeCategory(character) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}

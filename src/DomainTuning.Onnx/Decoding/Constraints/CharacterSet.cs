using System.Globalization;
using System.Text;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>A set of Unicode characters, as ascending ranges that do not touch. Surrogates are no characters.</summary>
internal sealed class CharacterSet
{
    private const int Last = 0x10FFFF;

    public CharacterSet(IEnumerable<(int First, int Last)> ranges)
    {
        var joined = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.First))
            if (joined.Count > 0 && first <= joined[^1].Last + 1) joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, last));
            else joined.Add((first, last));
        Ranges = joined;
    }

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    /// <summary>What a string may hold where nothing is said: all but the control characters without a short escape.</summary>
    public static CharacterSet Text { get; } = new([('\b', '\n'), ('\f', '\r'), (' ', Last)]);

    public static CharacterSet Digits { get; } = new([('0', '9')]);

    public static CharacterSet Word { get; } = new([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    /// <summary>White space of ECMAScript patterns.</summary>
    public static CharacterSet Blank { get; } = new([('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)]);

    /// <summary>What a dot stands for: anything that does not end a line.</summary>
    public static CharacterSet Dot { get; } = new CharacterSet([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]).Inverse();

    public CharacterSet Inverse()
    {
        var ranges = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (first > next) ranges.Add((next, first - 1));
            next = last + 1;
        }

        if (next <= Last) ranges.Add((next, Last));
        return new CharacterSet(ranges);
    }

    /// <summary>A general category ("Lu") or a group of them ("L"), or null where there is none of that name.</summary>
    public static CharacterSet? OfCategory(string name)
    {
        var wanted = Enum.GetValues<UnicodeCategory>().Where(category => Abbreviation(category).StartsWith(name, StringComparison.Ordinal)).ToHashSet();
        if (wanted.Count == 0 || name.Length == 0) return null;
        var ranges = new List<(int First, int Last)>();
        for (var value = 0; value <= Last; value++)
            if (Rune.IsValid(value) && wanted.Contains(Rune.GetUnicodeCategory(new Rune(value))))
                if (ranges.Count > 0 && ranges[^1].Last == value - 1) ranges[^1] = (ranges[^1].First, value);
                else ranges.Add((value, value));
        return new CharacterSet(ranges);
    }

    private static IEnumerable<(int First, int Last)> WithoutSurrogates((int First, int Last) range)
    {
        if (range.First < 0xD800) yield return (range.First, Math.Min(range.Last, 0xD7FF));
        if (range.Last > 0xDFFF) yield return (Math.Max(range.First, 0xE000), range.Last);
    }

    private static string Abbreviation(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "C",
    };
}

using System.Text;
using System.Text.RegularExpressions;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>How BLEU cuts text into words: sacreBLEU's tokenizers, by its names.</summary>
public enum BleuTokens
{
    /// <summary>"13a", that of the WMT campaigns.</summary>
    Standard13a,

    /// <summary>"zh": each Chinese character alone, the rest as 13a.</summary>
    Chinese,

    /// <summary>"char".</summary>
    Characters,

    /// <summary>"intl": punctuation and symbols of all scripts alone.</summary>
    International,

    /// <summary>"none": white space.</summary>
    WhiteSpace,
}

internal static partial class BleuTokenising
{
    /// <summary>What sacreBLEU's zh tokenizer counts as Chinese: ideographs, their radicals and strokes, full-width forms, CJK punctuation and signs.</summary>
    private static readonly (int First, int Last)[] Chinese =
    [
        (0x3400, 0x4DB5), (0x4E00, 0x9FA5), (0x9FA6, 0x9FBB), (0xF900, 0xFA2D), (0xFA30, 0xFA6A), (0xFA70, 0xFAD9), (0x20000, 0x2A6D6), (0x2F800, 0x2FA1D), (0xFF00, 0xFFEF),
        (0x2E80, 0x2EFF), (0x3000, 0x303F), (0x31C0, 0x31EF), (0x2F00, 0x2FDF), (0x2FF0, 0x2FFF), (0x3100, 0x312F), (0x31A0, 0x31BF), (0xFE10, 0xFE1F), (0xFE30, 0xFE4F),
        (0x2600, 0x26FF), (0x2700, 0x27BF), (0x3200, 0x32FF), (0x3300, 0x33FF),
    ];

    public static string[] Cut(this BleuTokens tokens, string line) => PythonText.Split(tokens switch
    {
        BleuTokens.Standard13a => Punctuated($" {Unescaped(line)} "),
        BleuTokens.Chinese => Punctuated(Spaced(PythonText.Trim(line), rune => Array.Exists(Chinese, range => rune.Value >= range.First && rune.Value <= range.Last))),
        BleuTokens.Characters => Spaced(line, _ => true),
        BleuTokens.International => Symbols().Replace(PunctuationBefore().Replace(PunctuationAfter().Replace(line, "$1 $2 "), " $1 $2"), " $1 "),
        _ => line,
    });

    private static string Unescaped(string line) => line
        .Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ')
        .Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal).Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);

    private static string Punctuated(string line)
    {
        line = AsciiSymbols().Replace(line, " $1 ");
        line = MarkAfterNoDigit().Replace(line, "$1 $2 ");
        line = MarkBeforeNoDigit().Replace(line, " $1 $2");
        return DashAfterDigit().Replace(line, "$1 $2 ");
    }

    private static string Spaced(string line, Func<Rune, bool> alone)
    {
        var spaced = new StringBuilder(line.Length * 2);
        foreach (var rune in line.EnumerateRunes())
        {
            if (alone(rune)) spaced.Append(' ').Append(rune).Append(' ');
            else spaced.Append(rune);
        }

        return spaced.ToString();
    }

    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])", RegexOptions.CultureInvariant)]
    private static partial Regex AsciiSymbols();

    [GeneratedRegex("([^0-9])([.,])", RegexOptions.CultureInvariant)]
    private static partial Regex MarkAfterNoDigit();

    [GeneratedRegex("([.,])([^0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex MarkBeforeNoDigit();

    [GeneratedRegex("([0-9])(-)", RegexOptions.CultureInvariant)]
    private static partial Regex DashAfterDigit();

    [GeneratedRegex(@"(\P{N})(\p{P})", RegexOptions.CultureInvariant)]
    private static partial Regex PunctuationAfter();

    [GeneratedRegex(@"(\p{P})(\P{N})", RegexOptions.CultureInvariant)]
    private static partial Regex PunctuationBefore();

    [GeneratedRegex(@"(\p{S})", RegexOptions.CultureInvariant)]
    private static partial Regex Symbols();
}

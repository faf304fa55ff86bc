using System.Buffers;
using System.Text.RegularExpressions;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>What words look like: codes, titles, phrases that a person could have written and a reader of PDFs has not broken.</summary>
internal static partial class Words
{
    /// <summary>Longer words are mostly several that lost their spaces.</summary>
    private const int LongestWord = 24;

    /// <summary>Signs of a list, a program or a line that was wrapped.</summary>
    private static readonly SearchValues<char> Broken = SearchValues.Create("•\n{}=\\←");

    private static readonly HashSet<string> Open = new(StringComparer.OrdinalIgnoreCase) { "the", "a", "an", "of", "to", "and", "or", "in", "on", "for", "by", "with", "as", "at", "from", "is", "are", "if", "that", "which", "be", "not" };

    /// <summary>"11.5.30 G43.2 Apply …" without its number.</summary>
    public static string Title(string heading) => SectionNumber().Replace(heading, "").Trim();

    /// <summary>Whether a name is one of a machine: with a digit, dot, underscore, angle bracket or dash in it, or all in capitals.</summary>
    public static bool IsCode(string name) =>
        name.Length is >= 2 and <= 60 && CodeShape().IsMatch(name) && char.IsLetterOrDigit(name.Last(c => c is not ('>' or ']' or '#' or '*')))
        && (name.AsSpan().IndexOfAny("._<#") >= 0 || name.StartsWith('-') || (name.Any(char.IsAsciiDigit) && name.Any(char.IsLetter)) || (name.Contains('-', StringComparison.Ordinal) && name.Length > 4) || (name.Any(char.IsAsciiLetterUpper) && !name.Any(char.IsAsciiLetterLower)));

    /// <summary>A description as it may be asked back: whole, of so many words, none of them glued, brackets and quotes closed.</summary>
    public static bool IsPhrase(string text, int least, int most)
    {
        var words = text.Split(' ');
        return words.Length >= least && words.Length <= most && words.All(word => word.Length is > 0 and <= LongestWord || IsCode(word))
            && text.Count(c => c == '(') == text.Count(c => c == ')') && text.Count(c => c == '[') == text.Count(c => c == ']')
            && text.Count(char.IsLetter) > text.Length * 0.6 && !text.Contains(" | ", StringComparison.Ordinal) && text.AsSpan().IndexOfAny(Broken) < 0
            && text.Count(c => c is '"' or '”' or '“') % 2 == 0
            && !Open.Contains(words[^1]) && !Glued().IsMatch(text) && !text.EndsWith(':') && !text.EndsWith(',') && !Reference().IsMatch(text);
    }

    /// <summary>Whether a phrase begins with an order, such as "Set the …". Words that are nouns as well ("Scale factor") count only before an article.</summary>
    public static bool IsOrder(string text) => Order().IsMatch(text) || OrderOrNoun().IsMatch(text);

    /// <summary>"Pins" is "pin", "Analysis" is "analysis".</summary>
    public static string Singular(string noun) => noun.Length > 3 && noun.EndsWith('s') && noun[^2] is not ('s' or 'u' or 'i') ? noun[..^1] : noun;

    /// <summary>A title as words of a sentence: names keep their capitals.</summary>
    public static string Spoken(string title) => string.Join(' ', title.Split(' ').Select(Lower));

    /// <summary>With a small first letter, unless the first word is a name ("G-code", "Z").</summary>
    public static string Lower(string text)
    {
        var first = text.Split(' ')[0];
        return first.Length == 0 || (first.Length == 1 && first is not "A") || (first.Length > 1 && first[1] == '-') || first.Any(char.IsDigit) || first.Skip(1).Any(char.IsUpper) ? text : char.ToLowerInvariant(text[0]) + text[1..];
    }

    [GeneratedRegex(@"^\d+(\.\d+)*\.?\s+(?=\S)", RegexOptions.CultureInvariant)]
    private static partial Regex SectionNumber();

    [GeneratedRegex(@"^[\p{L}\p{N}_.<>\[\]#/*+-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex CodeShape();

    /// <summary>"stateM70 Saved", "wordThe": a small letter, then a capital and small ones, with no code around.</summary>
    [GeneratedRegex(@"\p{Ll}{3}\p{Lu}[\p{Ll}\d]{2}|[.,;:]\p{Lu}\p{Ll}{2}", RegexOptions.CultureInvariant)]
    private static partial Regex Glued();

    [GeneratedRegex(@"^(Set|Invert|Enable|Disable|Read|Write|Specify|Select|Update|Turn|Determine|Start|Stop|Reset|Show|Indicate|Convert|Define|Add|Give|Move|Allow|Provide|Store|Configure|Request|Force|Clear|Create|Wait|Activate|Trigger|Generate|Copy|Make|Negate|Compute|Calculate|Observe|Manipulate|Build|Suspend|Cancel|Restore|Apply|Delete|Remove|Unload|Save|Home|Bring|Issue|Click|Press|Jog|Connect|Install|Edit|Check|Enter|Mount|Choose|Type|Verify|Adjust|Increase|Decrease|Repeat|Go|Put|Take|Keep|Find|Insert|Ensure|Switch|Plug|Power|Exit|Launch|Modify|Rename|Position|Retract|Traverse|Preliminary motion|Dwell|Rotate|Lower|Raise|Tell|Communicate|Interpret|Send|Begin|End|Pause|Resume|Call|Assign|Replace) ", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Order();

    [GeneratedRegex(@"^(Scale|Output|Count|Display|Control|Limit|Load|Sample|Change|Measure|Plot|Drive|Run|Print|Use|List|Open|Close|Report|Touch|Test|Cut) (the|a|an|all|one|both|your|any|each|every) ", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OrderOrNoun();

    /// <summary>Sends the reader elsewhere.</summary>
    [GeneratedRegex(@"\b(see|below|above|following|Section \d|Figure|Table|chapter|here|this (section|example|page)|the example)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}

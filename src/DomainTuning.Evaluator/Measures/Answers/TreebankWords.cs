using System.Text.RegularExpressions;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// Cuts text into words as the Penn Treebank does: punctuation, brackets, currency signs and English clitics ("do n't", "it 's") stand alone.
/// After the sed script of R. MacIntyre (1995) with the usual later additions; CMRC's scoring needs it for what is not Chinese.
/// </summary>
internal static partial class TreebankWords
{
    public static string[] Of(string text)
    {
        text = OpeningQuotes().Replace(text, " $1 ");
        text = FirstQuote().Replace(text, "``");
        text = BackQuotes().Replace(text, " $1 ");
        text = QuoteAfterBracket().Replace(text, "$1 `` ");
        text = LeadingApostrophe().Replace(text, "$1 $2");
        text = FinalFullStop().Replace(text, "$1 $2 $3 ");
        text = CommaOrColon().Replace(text, " $1 $2");
        text = LastCommaOrColon().Replace(text, " $1 ");
        text = Dots().Replace(text, " $0 ");
        text = Signs().Replace(text, " $0 ");
        text = ApostropheAtEnd().Replace(text, "$1 ' ");
        text = Brackets().Replace(text, " $0 ");
        text = " " + text.Replace("--", " -- ", StringComparison.Ordinal) + " ";
        text = ClosingQuotes().Replace(text, " $1 ");
        text = text.Replace("''", " '' ", StringComparison.Ordinal).Replace("\"", " '' ", StringComparison.Ordinal);
        text = ShortClitics().Replace(text, "$1 $2 ");
        text = LongClitics().Replace(text, "$1 $2 ");
        text = JoinedWords().Replace(text, " $1 $2 ");
        return PythonText.Split(text);
    }

    [GeneratedRegex("([«“‘„]|[`]+)", RegexOptions.CultureInvariant)]
    private static partial Regex OpeningQuotes();

    [GeneratedRegex("^\"", RegexOptions.CultureInvariant)]
    private static partial Regex FirstQuote();

    [GeneratedRegex("(``)", RegexOptions.CultureInvariant)]
    private static partial Regex BackQuotes();

    [GeneratedRegex("([ (\\[{<])(\"|'{2})", RegexOptions.CultureInvariant)]
    private static partial Regex QuoteAfterBracket();

    [GeneratedRegex(@"(')(?!re|ve|ll|m|t|s|d|n)(\w)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LeadingApostrophe();

    [GeneratedRegex("([^.])(\\.)([\\])}>\"'»”’ ]*)\\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex FinalFullStop();

    [GeneratedRegex(@"([:,])([^\d])", RegexOptions.CultureInvariant)]
    private static partial Regex CommaOrColon();

    [GeneratedRegex("([:,])$", RegexOptions.CultureInvariant)]
    private static partial Regex LastCommaOrColon();

    [GeneratedRegex(@"\.{2,}", RegexOptions.CultureInvariant)]
    private static partial Regex Dots();

    [GeneratedRegex("[;@#$%&?!*]", RegexOptions.CultureInvariant)]
    private static partial Regex Signs();

    [GeneratedRegex("([^'])' ", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheAtEnd();

    [GeneratedRegex(@"[\]\[(){}<>]", RegexOptions.CultureInvariant)]
    private static partial Regex Brackets();

    [GeneratedRegex("([»”’])", RegexOptions.CultureInvariant)]
    private static partial Regex ClosingQuotes();

    [GeneratedRegex("([^' ])('[sS]|'[mM]|'[dD]|') ", RegexOptions.CultureInvariant)]
    private static partial Regex ShortClitics();

    [GeneratedRegex("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", RegexOptions.CultureInvariant)]
    private static partial Regex LongClitics();

    [GeneratedRegex(@"\b(can)(not)\b|\b(?<1>d)(?<2>'ye)\b|\b(?<1>gim|lem)(?<2>me)\b|\b(?<1>gon|wan)(?<2>na)(?=\s)|\b(?<1>got)(?<2>ta)\b|\b(?<1>more)(?<2>'n)\b| (?<1>'t)(?<2>is|was)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex JoinedWords();
}

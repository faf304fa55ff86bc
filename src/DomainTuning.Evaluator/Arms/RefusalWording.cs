using System.Text.RegularExpressions;
using DomainTuning.Answering;

namespace DomainTuning.Evaluator.Arms;

/// <summary>
/// Whether a model's wording says that it cannot answer. Only short texts count: a long one that also says so has answered. A model that was told the words
/// of <see cref="ShortAnswerPrompt.NoAnswer"/> uses others often enough.
/// </summary>
internal static partial class RefusalWording
{
    private const int MostWords = 40;

    /// <summary>An empty answer is a refusal too.</summary>
    public static bool Is(string text) =>
        text.Length == 0
        || text.Contains(ShortAnswerPrompt.NoAnswer, StringComparison.OrdinalIgnoreCase)
        || (text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length <= MostWords && Wording().IsMatch(text));

    [GeneratedRegex(
        @"\b(i|we) (do not|don't|cannot|can't|am not able to|am unable to) (know|answer|say|tell|find|determine|provide)\b|\bi'm (sorry|not sure|unable)\b|^(unknown|n/a|none|not (specified|mentioned|stated|provided|known|given|available))\b"
        + @"|\b(the )?(documents?|passages?|manuals?|texts?|context) (does|do) ?(not|n't) (say|answer|mention|state|specify|contain|provide)\b|\b(is|are) not (mentioned|stated|specified|provided|answered|given) (in|by) the\b|不知道|没有提到|文档中没有",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Wording();
}

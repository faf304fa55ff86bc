using System.Text.RegularExpressions;

namespace DomainTuning.Evaluator.Advice;

/// <summary>How well a tokenizer's vocabulary fits a text.</summary>
/// <param name="TokensPerWord">Over running words: about 1.3 for a language that the tokenizer was made for.</param>
/// <param name="KnownWords">Share of the distinct words that are one token, as inside a sentence.</param>
internal sealed partial record Vocabulary(double TokensPerWord, double KnownWords)
{
    /// <summary>Null for a text without a word.</summary>
    public static Vocabulary? Of(IEnumerable<string> texts, Func<string, int> countTokens)
    {
        var words = texts.SelectMany(text => Word().Matches(text).Select(match => match.Value)).CountBy(word => word, StringComparer.Ordinal)
            .Select(entry => (Times: entry.Value, Tokens: countTokens(" " + entry.Key))).ToList();
        return words.Count == 0 ? null : new Vocabulary((double)words.Sum(word => (long)word.Times * word.Tokens) / words.Sum(word => word.Times), (double)words.Count(word => word.Tokens <= 1) / words.Count);
    }

    /// <summary>Numbers are left out: no vocabulary holds them, and they say nothing about a domain's language.</summary>
    [GeneratedRegex(@"\p{L}[\p{L}\p{M}]*", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}

using System.Text.RegularExpressions;
using DomainTuning.Chunks;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>"The PWM period is approximately 19.5 kHz", "A kinematics module is a …", and the entries of a glossary, whose heading is the word that is explained.</summary>
internal static partial class Definitions
{
    private const int LeastWords = 2;
    private const int MostWords = 14;
    private const int LongestSentence = 28;

    public static IEnumerable<Fact> Of(string path, IReadOnlyList<Paragraph> paragraphs)
    {
        for (var i = 0; i < paragraphs.Count; i++)
        {
            var paragraph = paragraphs[i];
            if (paragraph.IsTable || paragraph.IsItem) continue;
            var sentences = Sentences.Split(paragraph.Text);
            if (i == 0 && sentences.Count > 0 && IsGlossary(path, paragraph.Chunk)) foreach (var fact in Entry(paragraph, sentences[0])) yield return fact;
            foreach (var range in sentences)
                if (Sentence(paragraph, paragraph.Text[range], range.Start.Value) is { } fact)
                    yield return fact;
        }
    }

    private static bool IsGlossary(string path, Chunk chunk) =>
        chunk.HeadingPath.Count > 0 && chunk.HeadingPath.Prepend(path).Any(name => name.Contains("glossary", StringComparison.OrdinalIgnoreCase) || name.Contains("definitions", StringComparison.OrdinalIgnoreCase)) && chunk.HeadingPath[^1].Split(' ').Length <= 5 && !char.IsDigit(chunk.HeadingPath[^1][0]);

    private static IEnumerable<Fact> Entry(Paragraph paragraph, Range range)
    {
        var (word, sentence) = (paragraph.Chunk.HeadingPath[^1], paragraph.Text[range].TrimEnd('.'));
        if (!EntryStart().IsMatch(sentence) || !Words.IsPhrase(sentence, 4, 24)) yield break;
        yield return new Fact(paragraph, "definition", word, [$"What is {word}?", $"What does {word} mean?", $"Explain the term {word}.", $"I do not know the word {word}. What is it?"], sentence, paragraph.Text[range], range.Start.Value);
        if (!sentence.Contains(word, StringComparison.OrdinalIgnoreCase))
            yield return new Fact(paragraph, "definition", word, [$"What is {Words.Lower(sentence)} called?", $"Which term means {Words.Lower(sentence)}?", $"What is the word for {Words.Lower(sentence)}?"], word, paragraph.Text[range], range.Start.Value) { Times = 2 };
    }

    private static Fact? Sentence(Paragraph paragraph, string sentence, int offset)
    {
        if (sentence.Split(' ').Length > LongestSentence || Statement().Match(sentence) is not { Success: true } match) return null;
        var (subject, verb, said) = (match.Groups["subject"].Value, match.Groups["verb"].Value, match.Groups["said"].Value.TrimEnd('.', ' '));
        if (Pronoun().IsMatch(subject) || !Words.IsPhrase(subject, 1, 7) || subject.Length < 4) return null;
        var isNumber = Number().IsMatch(said);
        if (!isNumber && !Explaining().IsMatch(said)) return null;
        if (isNumber ? said.Split(' ').Length > 6 || !subject.Contains(' ', StringComparison.Ordinal) : !Words.IsPhrase(said, LeastWords, MostWords)) return null;
        var asked = Article().IsMatch(subject) ? Words.Lower(subject) : subject;
        if (asked.StartsWith("the ", StringComparison.Ordinal) && asked.Split(' ').Length < 3 && !asked.Any(char.IsUpper)) return null; // the file: which one?
        string[] phrasings = isNumber
            ? [$"What {verb} {asked}{{in}}?", $"How much {verb} {asked}{{in}}?", $"Which value {(verb == "are" ? "do" : "does")} {asked} have{{in}}?"]
            : [$"What {verb} {asked}{{in}}?", $"What {(verb == "are" ? "do" : "does")} the manual say that {asked} {verb}{{in}}?", $"Explain {asked}{{in}}."];
        return new Fact(paragraph, "definition", subject, isNumber ? phrasings : [phrasings[0], phrasings[2]], said, sentence, offset);
    }

    [GeneratedRegex(@"^(?<subject>(?:The |A |An )?(?!\d)[\p{L}\p{N}_.<>/#-]+(?: [\p{L}\p{N}_.<>/#-]+){0,6}?) (?<verb>is|are) (?<said>[^?!]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Statement();

    [GeneratedRegex(@"^(it|this|that|these|those|there|what|which|who|if|when|where|you|we|they|he|she|here|one|another|each|both|such|note|but|and|or|so|in|on|at|for|as|by|to|all|some|any|no|also|then|since|because|while|once|after|before|with|the (following|same|first|second|last|next|other|latter|former|reason|example|result|problem|above)|its|their|your|our)\b|\b(that|which|who|if|when)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pronoun();

    [GeneratedRegex(@"^(approximately |about |around |typically |usually |currently |always |set to |initiali[sz]ed to |limited to |at least |at most |up to )?[-+]?\d[\d.,]*\b", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"^(a|an|the|one of|used (to|for|by|as))\b", RegexOptions.CultureInvariant)]
    private static partial Regex Explaining();

    [GeneratedRegex("^(The|A|An) ", RegexOptions.CultureInvariant)]
    private static partial Regex Article();

    [GeneratedRegex(@"^(A|An|The|One of|Any|All|Part of) ", RegexOptions.CultureInvariant)]
    private static partial Regex EntryStart();
}

using System.Text.RegularExpressions;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>Headings that name a code and say what it does: "11.5.30 G43.2 Apply additional Tool Length Offset". With the first statement below as another answer.</summary>
internal static partial class CodeHeadings
{
    public static IEnumerable<Fact> Of(IReadOnlyList<Paragraph> paragraphs)
    {
        foreach (var section in paragraphs.GroupBy(paragraph => paragraph.Heading, StringComparer.Ordinal))
        {
            var first = section.First();
            if (Coded().Match(section.Key) is not { Success: true } match || !IsInChunk(first, section.Key)) continue;
            var (code, title) = (match.Groups["code"].Value, match.Groups["title"].Value.Trim());
            if (!Words.IsPhrase(title, 2, 8) || title.Contains("Example", StringComparison.OrdinalIgnoreCase)) continue;
            var low = Words.Spoken(title);
            string[] backward = Words.IsOrder(title)
                ? [$"Which code do I use to {low}?", $"I want to {low}. Which code is it?", $"How can I {low} in a program?"]
                : [$"Which code is for {low}?", $"What is the code for {low}?", $"I need {low}. Which code is it?"];
            yield return new Fact(first, "heading", code, [$"What does {code} do?", $"What is {code}?", $"I see {code} in a program. What is it for?"], title, section.Key, 0);
            yield return new Fact(first, "heading", code, backward, code, section.Key, 0);
        }
    }

    /// <summary>The heading must be in the prompt: in the path of the chunk, or in its text.</summary>
    private static bool IsInChunk(Paragraph paragraph, string title) => paragraph.Chunk.EmbeddedText.Contains(title, StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<code>[A-Z]\d+(?:\.\d)?(?: L\d+)?(?:(?:, |-| and )[A-Z]?\d+(?:\.\d)?)*):? (?<title>\p{L}.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Coded();
}

using System.Text.RegularExpressions;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>Numbered steps under a heading: the first one, and what follows on which.</summary>
internal static partial class Steps
{
    public static IEnumerable<Fact> Of(IReadOnlyList<Paragraph> paragraphs)
    {
        Paragraph? before = null;
        foreach (var paragraph in paragraphs)
        {
            var step = Read(paragraph);
            if (step is { } text && paragraph.Heading.Length > 3)
            {
                if (IsFirst().IsMatch(paragraph.Text))
                    yield return new Fact(paragraph, "step", paragraph.Heading, [$"What is the first step of \"{paragraph.Heading}\"?", $"How do I begin with {paragraph.Heading}?", $"What comes first in {paragraph.Heading}?"], text, paragraph.Text, 0);
                else if (before is not null && Read(before) is { } earlier && before.Section == paragraph.Section)
                    yield return new Fact(paragraph, "step", earlier, [$"What comes after \"{earlier}\"{{in}}?", $"I have done this: {Words.Lower(earlier)}. What is the next step{{in}}?"], text, paragraph.Text, 0);
            }

            before = step is null ? null : paragraph;
        }
    }

    /// <summary>Only orders are steps; numbers also count what is true of a thing.</summary>
    private static string? Read(Paragraph paragraph)
    {
        if (Numbered().Match(paragraph.Text) is not { Success: true } match) return null;
        var text = match.Groups["text"].Value.TrimEnd('.', ' ');
        return Words.IsOrder(text) && Words.IsPhrase(text, 3, 16) ? text : null;
    }

    [GeneratedRegex(@"^\d{1,2}[.)] (?<text>\S[^\n]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^1[.)] ", RegexOptions.CultureInvariant)]
    private static partial Regex IsFirst();
}

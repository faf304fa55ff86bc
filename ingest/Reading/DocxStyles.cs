using System.Text.RegularExpressions;
using DocumentFormat.OpenXml.Wordprocessing;

namespace DomainTuning.Ingest.Reading;

/// <summary>What a paragraph style says about structure. Styles inherit along "basedOn"; localised and self-made styles are known by their outline level.</summary>
internal sealed partial class DocxStyles
{
    /// <summary>A chain of styles longer than this is a circle.</summary>
    private const int MaxChain = 32;

    private readonly Dictionary<string, Style> styles = new(StringComparer.Ordinal);
    private readonly string? defaultStyle;

    public DocxStyles(Styles? part)
    {
        foreach (var style in part?.Elements<Style>() ?? [])
        {
            if (style.StyleId?.Value is not { } id || style.Type?.Value != StyleValues.Paragraph) continue;
            styles.TryAdd(id, style);
            if (style.Default?.Value == true) defaultStyle ??= id;
        }
    }

    /// <summary>1 to 6, or null for body text. The paragraph's own outline level wins over its style's.</summary>
    public int? HeadingLevel(ParagraphProperties? paragraph)
    {
        if (paragraph?.OutlineLevel?.Val?.Value is { } own) return FromOutline(own);
        foreach (var style in Chain(paragraph))
        {
            if (style.StyleParagraphProperties?.OutlineLevel?.Val?.Value is { } level) return FromOutline(level);
            if (HeadingName().Match(NameOf(style)) is { Success: true } match) return Math.Min(match.Groups[1].ValueSpan[0] - '0', 6);
        }

        return IsTitle(paragraph) ? 1 : null;
    }

    public bool IsTitle(ParagraphProperties? paragraph) => HasName(paragraph, "title");

    public bool IsCaption(ParagraphProperties? paragraph) => HasName(paragraph, "caption");

    /// <summary>An entry of a table of contents, index or list of figures: it repeats what stands elsewhere.</summary>
    public bool IsDirectoryEntry(ParagraphProperties? paragraph) => Chain(paragraph).Any(style => DirectoryName().IsMatch(NameOf(style)));

    public bool IsCode(ParagraphProperties? paragraph) => Chain(paragraph).Any(style => CodeName().IsMatch(NameOf(style)));

    /// <summary>The list that the paragraph is in: its own numbering, or that of its style with the id of the style that has it.</summary>
    public (NumberingProperties? Numbering, string? StyleId) Numbering(ParagraphProperties? paragraph)
    {
        if (paragraph?.NumberingProperties is { } own) return (own, null);
        foreach (var style in Chain(paragraph))
            if (style.StyleParagraphProperties?.NumberingProperties is { } inherited) return (inherited, style.StyleId?.Value);
        return (null, null);
    }

    private bool HasName(ParagraphProperties? paragraph, string name) =>
        Chain(paragraph).Any(style => NameOf(style).Equals(name, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<Style> Chain(ParagraphProperties? paragraph)
    {
        var id = paragraph?.ParagraphStyleId?.Val?.Value ?? defaultStyle;
        for (var i = 0; i < MaxChain && id is not null && styles.TryGetValue(id, out var style); i++)
        {
            yield return style;
            id = style.BasedOn?.Val?.Value;
        }
    }

    private static string NameOf(Style style) => style.StyleName?.Val?.Value ?? "";

    /// <summary>Level 9 is body text; 6 to 8 count as the deepest heading.</summary>
    private static int? FromOutline(int level) => level is >= 0 and < 9 ? Math.Min(level + 1, 6) : null;

    [GeneratedRegex("^heading ([1-9])$", RegexOptions.IgnoreCase)]
    private static partial Regex HeadingName();

    [GeneratedRegex("^(toc|index) [1-9]$|^table of (figures|authorities)$|^toc heading$", RegexOptions.IgnoreCase)]
    private static partial Regex DirectoryName();

    [GeneratedRegex(@"\b(code|source|listing|html preformatted|plain text|verbatim)\b", RegexOptions.IgnoreCase)]
    private static partial Regex CodeName();
}

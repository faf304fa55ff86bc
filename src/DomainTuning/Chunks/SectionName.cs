using System.Text.RegularExpressions;

namespace DomainTuning.Chunks;

/// <summary>
/// A document section as splits count it, such as "configuration § 4.1.2 Files". Numbered sections are the same down to their third number, whatever stands
/// below: 4.4.2.3 belongs to 4.4.2, the entries of a glossary to "Chapter 15". Sections without numbers are the same when their titles are.
/// </summary>
public sealed partial record SectionName(string Document, string Title)
{
    private const string Mark = " § ";

    /// <summary>How many numbers of a section's number count. What a reader calls a section; one level deeper, questions about one subject would part.</summary>
    private const int Depth = 3;

    /// <summary>What two names of the same section share.</summary>
    public string Key { get; } = $"{Document}{Mark}{KeyOf(Title)}".ToUpperInvariant();

    /// <summary>Reads a question's section.</summary>
    public static SectionName Parse(string text) =>
        text.IndexOf(Mark, StringComparison.Ordinal) is var at and > 0 ? new(text[..at].Trim(), text[(at + Mark.Length)..].Trim()) : new("", text.Trim());

    /// <summary>The section that a line of a chunk stands in: that of the last numbered heading above it, in the chunk's text or in its heading path.</summary>
    /// <param name="path">The document's path inside the corpus.</param>
    /// <param name="inline">The last heading above the line in the chunk's own text; null when there is none.</param>
    public static SectionName Of(string path, Chunk chunk, string? inline)
    {
        var document = System.IO.Path.GetFileNameWithoutExtension(path);
        List<string> headings = [.. chunk.HeadingPath];
        if (inline is not null) headings.Add(inline);
        var numbered = headings.FindLast(heading => Number(heading) is not null);
        if (numbered is null) return new(document, headings.Count == 0 ? "" : headings[^1]);
        var number = Cut(Number(numbered)!);
        return new(document, headings.Find(heading => Number(heading) == number) ?? (Number(numbered) == number ? numbered : number));
    }

    /// <summary>Whether a line is a numbered heading that stayed in a chunk's text.</summary>
    public static bool IsHeading(string line) => line.Length <= 90 && NumberedHeading().IsMatch(line);

    public override string ToString() => Document.Length == 0 ? Title : Document + Mark + Title;

    private static string KeyOf(string title) => Number(title) is { } number ? Cut(number) : string.Join(' ', title.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string? Number(string heading) => SectionNumber().Match(heading) is { Success: true } match ? match.Value.TrimEnd('.') : null;

    private static string Cut(string number) => string.Join('.', number.Split('.').Take(Depth));

    [GeneratedRegex(@"^(?:(?:Chapter|Appendix|Annex|Part) [\dA-Z]+|\d+(?:\.\d+)+\.?)(?=\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex SectionNumber();

    [GeneratedRegex(@"^\d+(\.\d+)+\.? \p{Lu}(?:[^.;:!]|\.(?=\d))*$", RegexOptions.CultureInvariant)]
    private static partial Regex NumberedHeading();
}

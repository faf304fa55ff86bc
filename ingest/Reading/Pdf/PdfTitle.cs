using System.Text.RegularExpressions;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Tells a title that someone wrote from what a program left in the title field.</summary>
internal static partial class PdfTitle
{
    public static bool IsSensible(string title) =>
        title.Length is >= 3 and <= 300 && title.Any(char.IsLetter) && !title.Contains('\uFFFD', StringComparison.Ordinal) && !Leftover().IsMatch(title);

    /// <summary>"Chapter 11": the title follows.</summary>
    public static bool IsChapterNumber(string heading) => ChapterNumber().IsMatch(heading);

    [GeneratedRegex(@"^((chapter|part|appendix|section|kapitel|teil|anhang)\s+)?([0-9.]{1,8}|[IVXLC]{1,6}|[A-Z])\.?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ChapterNumber();

    [GeneratedRegex(@"^(microsoft (word|powerpoint|excel)\b.*|untitled.*|document ?[0-9]*|doc[0-9]+|.*\.(docx?|pdf|tex|dvi|indd|qxd|pmd|rtf|odt|ps|html?|xlsx?|pptx?|wpd|txt)|\(?[a-z]:\\.*|/.*|https?:.*|print.*|slide [0-9]+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Leftover();
}

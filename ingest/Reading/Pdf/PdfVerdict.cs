using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>From the pages to one word about the file, and a sentence that says what to do.</summary>
internal static class PdfVerdict
{
    /// <summary>This share of pages being pictures makes the file one that needs OCR.</summary>
    private const double PictureShare = 0.9;

    public static ReadResult Of(SourceFile file, string title, IReadOnlyList<Page> pages, IReadOnlyList<ScannedPage> scanned)
    {
        var remarks = scanned.Where(page => page.Remark is not null).Select(page => new PageRemark(page.Number, page.Remark!)).ToList();
        ReadResult Result(ReadStatus status, Document? document, string? message) => new(status, document, message) { Remarks = remarks };

        if (pages.Count == 0) return Result(ReadStatus.Empty, null, $"{file.RelativePath} has no pages.");
        var pictures = scanned.Count(page => page.IsPicture);
        var readable = pages.Count(page => page.Blocks.Count > 0);
        if (pictures >= PictureShare * pages.Count || (pictures > 0 && pages.All(page => page.Blocks.Count == 0)))
            return Result(ReadStatus.NeedsOcr, null, $"{file.RelativePath} needs OCR: {Count(pictures, "page is a picture", "pages are pictures")}. Run it through an OCR program first.");
        if (readable == 0)
        {
            if (remarks.Count == 0) return Result(ReadStatus.Empty, null, $"{file.RelativePath} has no text: {Count(pages.Count, "blank page", "blank pages")}.");
            return remarks.TrueForAll(remark => remark.Reason.StartsWith("failed", StringComparison.Ordinal))
                ? Result(ReadStatus.Broken, null, $"{file.RelativePath} is damaged: no page could be read ({remarks[0].Reason}). Repair it (e.g. print it to a new PDF) and run again.")
                : Result(ReadStatus.NeedsOcr, null, $"{file.RelativePath} needs OCR: its fonts do not say which letters they draw ({remarks[0].Reason}).");
        }

        var document = new Document { Id = file.DocumentId, Path = file.RelativePath, Title = title, Sha256 = file.Sha256, Pages = pages };
        if (remarks.Count == 0) return Result(ReadStatus.Ok, document, null);
        var reasons = remarks.GroupBy(remark => remark.Reason.Split(':')[0]).Select(group => $"{group.Key} on {(group.Count() == 1 ? "page" : "pages")} {Pages(group)}");
        return Result(ReadStatus.Partial, document, $"{file.RelativePath}: {readable} of {pages.Count} pages read; {string.Join("; ", reasons)}.");
    }

    private static string Count(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static string Pages(IEnumerable<PageRemark> remarks)
    {
        var pages = remarks.Select(remark => remark.Page).ToList();
        return string.Join(", ", pages.Take(8)) + (pages.Count > 8 ? $" and {pages.Count - 8} more" : "");
    }
}

using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Tokens;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Tells a page that draws nothing because it is blank from one whose drawing is lost.</summary>
internal static class PageContents
{
    public const string Lost = "failed: its content is missing or damaged";

    /// <summary>The page names a content stream, yet the stream is not there, or none of its bytes made sense.</summary>
    public static bool AreLost(PdfDocument document, Page page)
    {
        if (page.Operations.Count > 0 || !page.Dictionary.TryGet(NameToken.Contents, out var contents)) return false;
        try
        {
            return Streams(document, contents).Any(stream => stream is null || stream.Data.Length > 2);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            return true;
        }
    }

    private static IEnumerable<StreamToken?> Streams(PdfDocument document, IToken contents)
    {
        if (contents is IndirectReferenceToken reference) contents = document.Structure.GetObject(reference.Data)?.Data!;
        if (contents is ArrayToken array) return array.Data.Take(100).Select(item => item is IndirectReferenceToken part ? document.Structure.GetObject(part.Data)?.Data as StreamToken : item as StreamToken);
        return [contents as StreamToken];
    }
}

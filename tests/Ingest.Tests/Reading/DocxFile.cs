using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>Small real Word files, written by the SDK. The body is given as markup, because that is what a reader meets.</summary>
internal static class DocxFile
{
    private const string Names = """
        xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
        xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"
        """;

    private const string StylesXml = $"""
        <w:styles {Names}>
          <w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
          <w:style w:type="paragraph" w:styleId="Ttl"><w:name w:val="Title"/></w:style>
          <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
          <w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/></w:style>
          <w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Company chapter"/><w:basedOn w:val="H2"/></w:style>
          <w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
          <w:style w:type="paragraph" w:styleId="Cap"><w:name w:val="caption"/></w:style>
          <w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
          <w:style w:type="paragraph" w:styleId="Src"><w:name w:val="Source Code"/></w:style>
        </w:styles>
        """;

    private const string NumberingXml = $"""
        <w:numbering {Names}>
          <w:abstractNum w:abstractNumId="0">
            <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
            <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1%2)"/></w:lvl>
          </w:abstractNum>
          <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>
          <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
          <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
          <w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
        </w:numbering>
        """;

    private const string FootnotesXml = $"""
        <w:footnotes {Names}><w:footnote w:id="2"><w:p><w:r><w:footnoteRef/><w:t xml:space="preserve"> Only type G-2.</w:t></w:r></w:p></w:footnote></w:footnotes>
        """;

    public static byte[] With(string body, string? title = null)
    {
        using var file = new MemoryStream();
        using (var document = WordprocessingDocument.Create(file, WordprocessingDocumentType.Document))
        {
            var main = document.AddMainDocumentPart();
            main.Document = new Document($"<w:document {Names}><w:body>{body}<w:sectPr/></w:body></w:document>");
            main.AddNewPart<StyleDefinitionsPart>().Styles = new Styles(StylesXml);
            main.AddNewPart<NumberingDefinitionsPart>().Numbering = new Numbering(NumberingXml);
            main.AddNewPart<FootnotesPart>().Footnotes = new Footnotes(FootnotesXml);
            if (title is not null) document.PackageProperties.Title = title;
        }

        return file.ToArray();
    }

    /// <param name="properties">Inside w:pPr.</param>
    public static string Paragraph(string text, string properties = "") => $"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>";

    public static string Styled(string style, string text) => Paragraph(text, $"<w:pStyle w:val=\"{style}\"/>");

    public static string Item(int list, int level, string text) => Paragraph(text, $"<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr>");
}

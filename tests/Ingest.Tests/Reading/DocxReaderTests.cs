using System.IO.Compression;
using System.Text;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

public sealed class DocxReaderTests
{
    private readonly DocxReader reader = new(ReadingFile.TimeLimit);

    [Fact]
    public async Task HeadingsListsTablesAndNotesBecomeBlocks()
    {
        var result = await ReadAsync(
            DocxFile.Styled("Ttl", "Pump P-7"),
            "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val=\"Table of Contents\"/></w:docPartObj></w:sdtPr><w:sdtContent>" + DocxFile.Paragraph("Contents") + "</w:sdtContent></w:sdt>",
            DocxFile.Styled("TOC1", "Safety 3"),
            DocxFile.Styled("berschrift1", "Safety"),
            DocxFile.Styled("Own", "Before work"),
            DocxFile.Paragraph("Deep", "<w:outlineLvl w:val=\"3\"/>"),
            DocxFile.Styled("Loop", "A circle of styles"),
            DocxFile.Item(1, 0, "Close V1"), DocxFile.Item(1, 0, "Wait"), DocxFile.Item(1, 1, "until cold"), DocxFile.Item(2, 0, "bullet"),
            DocxFile.Item(1, 0, "Open V1"), DocxFile.Item(3, 0, "restarted"),
            "<w:p><w:r><w:t>Use grease</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r><w:r><w:t>.</w:t></w:r></w:p>",
            DocxFile.Styled("Src", "G0 X1"), DocxFile.Styled("Src", "  M2"),
            Table(Row(Cell("Pin"), Cell("Use")), Row(Cell("1", "<w:vMerge w:val=\"restart\"/>"), Cell("input")), Row(Cell("", "<w:vMerge/>"), Cell("ground"))),
            DocxFile.Styled("Cap", "Table 1. Pins"),
            Table(Row(Cell("Warning in a box"))));

        Assert.Equal(ReadStatus.Ok, result.Status);
        Assert.Equal("Pump P-7", result.Document!.Title);
        Assert.Equal(
            [
                "H1 Pump P-7", "H1 Safety", "H2 Before work", "H4 Deep", "P A circle of styles",
                "L 1. Close V1", "L 2. Wait", "L 2a) until cold", "L bullet", "L 3. Open V1", "L 7. restarted",
                "P Use grease[1].", "P [1] Only type G-2.",
                "C G0 X1\n  M2", "T Pin | Use\n1 | input\n1 | ground", "K Table 1. Pins", "P Warning in a box",
            ],
            ReadingFile.Lines(result));
    }

    [Fact]
    public async Task TrackedChangesAreAcceptedAndHiddenTextAndFieldCodesAreLeftOut()
    {
        var result = await ReadAsync(
            "<w:p><w:r><w:t xml:space=\"preserve\">Torque is </w:t></w:r><w:del w:id=\"1\"><w:r><w:delText>40</w:delText></w:r></w:del><w:ins w:id=\"2\"><w:r><w:t>45</w:t></w:r></w:ins>"
            + "<w:r><w:t xml:space=\"preserve\"> Nm</w:t><w:tab/><w:t>max</w:t><w:noBreakHyphen/><w:t>imum</w:t><w:br/><w:t>dry.</w:t></w:r>"
            + "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:instrText>PAGEREF x</w:instrText></w:r></w:p>",
            "<w:moveFrom w:id=\"3\"><w:r><w:t>moved</w:t></w:r></w:moveFrom>",
            Table(Row(Cell("a"), Cell("b")), "<w:tr><w:trPr><w:del w:id=\"4\"/></w:trPr>" + Cell("gone") + Cell("gone") + "</w:tr>"));

        Assert.Equal(["P Torque is 45 Nm max-imum dry.", "T a | b"], ReadingFile.Lines(result));
    }

    [Fact]
    public async Task TextBoxesFollowTheirParagraphOnceAndFormulasKeepTheirText()
    {
        const string box = "<w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>";
        var result = await ReadAsync(
            $"<w:p><w:r><w:t>Anchor</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:drawing><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></w:drawing></mc:Choice>"
            + $"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r><m:oMath><m:r><m:t>x=2</m:t></m:r></m:oMath></w:p>");

        Assert.Equal(["P Anchorx=2", "P In the box"], ReadingFile.Lines(result));
    }

    [Fact]
    public async Task TheDocumentsOwnTitleComesFirst()
    {
        var result = await ReadingFile.ReadAsync(reader, "a.docx", DocxFile.With(DocxFile.Styled("berschrift1", "Chapter"), title: "Service manual"));

        Assert.Equal("Service manual", result.Document!.Title);
    }

    [Fact]
    public async Task AZipBombIsRefusedWithoutUnpackingIt()
    {
        var bomb = Repacked(DocxFile.With(DocxFile.Paragraph("x")), "word/document.xml", stream =>
        {
            stream.Write("<a>"u8);
            var spaces = new byte[1 << 20];
            Array.Fill(spaces, (byte)' ');
            for (var i = 0; i < 220; i++) stream.Write(spaces);
        });
        Assert.True(bomb.Length < 1_000_000);

        var result = await ReadingFile.ReadAsync(reader, "bomb.docx", bomb);

        Assert.Equal(ReadStatus.Unsupported, result.Status);
        Assert.Contains("200 MB", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NestingThatWouldBreakTheStackIsRefused()
    {
        var deep = Repacked(DocxFile.With(DocxFile.Paragraph("x")), "word/document.xml", stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", 500_000)))));

        var result = await ReadingFile.ReadAsync(reader, "deep.docx", deep);

        Assert.Equal(ReadStatus.Broken, result.Status);
        Assert.Contains("512 levels", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EncryptedOldBrokenAndForeignFilesGetTheirVerdicts()
    {
        byte[] ole = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, .. new byte[600]];
        byte[] encrypted = [.. ole, .. Encoding.Unicode.GetBytes("EncryptedPackage")];
        var whole = DocxFile.With(DocxFile.Paragraph("x"));

        Assert.Equal(ReadStatus.Encrypted, (await ReadingFile.ReadAsync(reader, "e.docx", encrypted)).Status);
        Assert.Equal(ReadStatus.Unsupported, (await ReadingFile.ReadAsync(reader, "o.docx", ole)).Status);
        Assert.Equal(ReadStatus.Broken, (await ReadingFile.ReadAsync(reader, "t.docx", whole[..(whole.Length / 2)])).Status);
        Assert.Equal(ReadStatus.Broken, (await ReadingFile.ReadAsync(reader, "x.docx", "no zip at all")).Status);
        Assert.Equal(ReadStatus.Empty, (await ReadingFile.ReadAsync(reader, "n.docx", DocxFile.With(""))).Status);
    }

    private Task<ReadResult> ReadAsync(params string[] body) => ReadingFile.ReadAsync(reader, "pump.docx", DocxFile.With(string.Concat(body)));

    private static string Table(params string[] rows) => $"<w:tbl>{string.Concat(rows)}</w:tbl>";

    private static string Row(params string[] cells) => $"<w:tr>{string.Concat(cells)}</w:tr>";

    private static string Cell(string text, string properties = "") => $"<w:tc><w:tcPr>{properties}</w:tcPr>{DocxFile.Paragraph(text)}</w:tc>";

    private static byte[] Repacked(byte[] docx, string part, Action<Stream> write)
    {
        using var file = new MemoryStream();
        file.Write(docx);
        using (var zip = new ZipArchive(file, ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry(part)!.Delete();
            using var entry = zip.CreateEntry(part).Open();
            write(entry);
        }

        return file.ToArray();
    }
}

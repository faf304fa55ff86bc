using DomainTuning.Documents;
using DomainTuning.Ingest.Reading;
using DomainTuning.Ingest.Reading.Pdf;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>Each claim on a PDF of a few lines whose content stands in the test.</summary>
public sealed class PdfReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WordsAreMadeFromGapsWhereNoSpaceIsPrinted()
    {
        // Helvetica 10: "Hello" is 22.78 points wide; the next word begins 2.5 points after it, "world" is drawn in two pieces.
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "Hello") + PdfFile.Text(97.3, 700, "wor") + PdfFile.Text(113.4, 700, "ld")));

        Assert.Equal("Hello world", Assert.Single(page.Blocks).Text);
    }

    [Fact]
    public async Task LinesOfAParagraphBecomeOneBlockWithTheirBoxes()
    {
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "The first line of a paragraph goes on") + PdfFile.Text(72, 688, "with a second line.") + PdfFile.Text(72, 640, "Another one.")));

        Assert.Equal(["The first line of a paragraph goes on with a second line.", "Another one."], page.Blocks.Select(block => block.Text));
        var lines = page.Blocks[0].Lines;
        Assert.Equal(["The first line of a paragraph goes on", "with a second line."], lines.Select(line => page.Blocks[0].Text.Substring(line.Start, line.Length)));
        Assert.Equal(72, lines[0].Box.Left, 1.0);
        Assert.InRange(842 - 700, lines[0].Box.Top, lines[0].Box.Bottom);
        Assert.Equal(page.Blocks[0].Box, lines[0].Box.Union(lines[1].Box));
    }

    [Theory]
    [InlineData("com-", "pleteness matters.", "We look at completeness here.", "completeness")] // joined form occurs
    [InlineData("servo-", "thread runs.", "The servo-thread is fast.", "servo-thread")] // hyphenated form occurs
    [InlineData("M62-", "63 do the same.", "Nothing else.", "M62-63")] // a number never joins
    [InlineData("exam-", "ple text.", "Nothing else.", "example")] // neither occurs
    [InlineData("soft\u00AD", "ware text.", "Nothing else.", "software")]
    [InlineData("xyzac-trt-", "gui starts.", "Nothing else.", "xyzac-trt-gui")] // a name that already has hyphens
    public async Task AHyphenAtALineEndGoesOnlyWhenItBelongsToTheLine(string end, string start, string elsewhere, string word)
    {
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "This is a line that ends with the fragment " + end) + PdfFile.Text(72, 688, start) + PdfFile.Text(72, 640, elsewhere)));

        Assert.Contains(word, page.Blocks[0].Text.Split(' ', '.'));
    }

    [Theory]
    [InlineData("\uFB01", "fi")]
    [InlineData("\uFB04", "ffl")]
    [InlineData("\u00A0", " ")]
    [InlineData("\u2009", " ")]
    [InlineData("\u0007", "")]
    [InlineData("\u200B", "")]
    [InlineData("\uF0B7", "•")]
    [InlineData("µ", "µ")] // kept for quotes; search folds it
    public void LigaturesSpacesAndControlCharactersAreNormalised(string printed, string read) => Assert.Equal(read, GlyphText.Clean(printed));

    [Fact]
    public async Task NoBreakSpacesPartWords()
    {
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "10\u00A0mm wide")));

        Assert.Equal("10 mm wide", Assert.Single(page.Blocks).Text);
    }

    [Fact]
    public async Task TextPrintedTwiceAtOnePlaceIsReadOnce()
    {
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "M70 Saved state", "F2", 14) + PdfFile.Text(72.3, 700, "M70 Saved state", "F2", 14)));

        Assert.Equal("M70 Saved state", Assert.Single(page.Blocks).Text);
    }

    [Fact]
    public async Task NumberedHeadingsGetTheLevelOfTheirNumber()
    {
        var page = await OnlyPage(new PdfFile().Page(
            PdfFile.Text(72, 780, "2 Motion", "F2", 16) + PdfFile.Text(72, 750, "2.1 Axes", "F2", 12) + PdfFile.Text(72, 720, "2.1.1 Limits", "F2", 10) +
            string.Concat(Enumerable.Range(0, 8).Select(i => PdfFile.Text(72, 700 - 12 * i, "Plain text fills the page so that the body size is known to all.")))));

        Assert.Equal([("2 Motion", 1), ("2.1 Axes", 2), ("2.1.1 Limits", 3)], page.Blocks.Where(block => block.Kind == BlockKind.Heading).Select(block => (block.Text, block.Level)));
    }

    [Fact]
    public async Task MonospacedLinesStayLinesOfCode()
    {
        var page = await OnlyPage(new PdfFile().Page(
            PdfFile.Text(72, 760, "The following program moves the tool and then it ends at once:") + PdfFile.Text(72, 740, "G0 X0 Y0", "F3") + PdfFile.Text(72, 728, "M2", "F3") +
            PdfFile.Text(72, 700, "After it the machine stands still and waits for the operator.")));

        Assert.Equal(new[] { BlockKind.Paragraph, BlockKind.Code, BlockKind.Paragraph }, page.Blocks.Select(block => block.Kind));
        Assert.Equal("G0 X0 Y0\nM2", page.Blocks[1].Text);
    }

    [Fact]
    public async Task ATableWithLinesIsReadRowByRow()
    {
        var lines = string.Concat(new[] { 700, 680, 650 }.Select(y => PdfFile.Rule(72, y, 372, y))) + string.Concat(new[] { 72, 172, 372 }.Select(x => PdfFile.Rule(x, 650, x, 700)));
        // Drawn column by column, as many programs do.
        var page = await OnlyPage(new PdfFile().Page(lines + PdfFile.Text(76, 686, "Pin") + PdfFile.Text(76, 668, ".reset") + PdfFile.Text(176, 686, "Meaning") + PdfFile.Text(176, 668, "Sets the counter") + PdfFile.Text(176, 656, "back to zero.")));

        var table = Assert.Single(page.Blocks);
        Assert.Equal(BlockKind.Table, table.Kind);
        Assert.Equal("Pin | Meaning\n.reset | Sets the counter back to zero.", table.Text);
    }

    [Fact]
    public async Task ATableWithoutLinesIsReadRowByRow()
    {
        var rows = new[] { ("G0", "Rapid move", "modal"), ("G1", "Linear move", "modal"), ("G4", "Dwell", "once") };
        var page = await OnlyPage(new PdfFile().Page(string.Concat(rows.Select((row, i) => PdfFile.Text(72, 700 - 14 * i, row.Item1) + PdfFile.Text(150, 700 - 14 * i, row.Item2) + PdfFile.Text(300, 700 - 14 * i, row.Item3)))));

        Assert.Equal("G0 | Rapid move | modal\nG1 | Linear move | modal\nG4 | Dwell | once", Assert.Single(page.Blocks).Text);
    }

    [Fact]
    public async Task TwoColumnsAreReadOneAfterTheOther()
    {
        var column = new[] { "one two three four five six", "seven eight nine ten eleven", "twelve thirteen fourteen", "fifteen sixteen seventeen", "eighteen nineteen twenty" };
        var page = await OnlyPage(new PdfFile().Page(string.Concat(column.Select((line, i) => PdfFile.Text(72, 700 - 12 * i, "left " + line) + PdfFile.Text(320, 700 - 12 * i, "right " + line)))));

        var text = page.ToText().Text;
        Assert.True(text.LastIndexOf("left", StringComparison.Ordinal) < text.IndexOf("right", StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task RunningHeadersAndPageNumbersGoAndTheNumberBecomesTheLabel()
    {
        var file = new PdfFile();
        var bodies = new[] { "Apples are red.", "Pears are green.", "Plums are blue.", "Grapes are small." };
        for (var i = 0; i < 4; i++) file.Page(PdfFile.Text(72, 800, "Fruit manual") + PdfFile.Text(480, 800, $"{41 + i} / 99") + PdfFile.Text(72, 600, bodies[i]));

        var document = await Document(file);

        Assert.Equal(bodies, document.Pages.Select(page => Assert.Single(page.Blocks).Text));
        Assert.Equal(["41", "42", "43", "44"], document.Pages.Select(page => page.Label));
        Assert.Equal([1, 2, 3, 4], document.Pages.Select(page => page.Number));
    }

    [Fact]
    public async Task DeclaredPageLabelsWin()
    {
        var document = await Document(new PdfFile().Page(PdfFile.Text(72, 700, "Preface.")).Page(PdfFile.Text(72, 700, "Contents.")).Page(PdfFile.Text(72, 700, "Start."))
            .Catalog("/PageLabels << /Nums [0 << /S /r /St 3 >> 2 << /S /D /P (A-) /St 7 >>] >>"));

        Assert.Equal(["iii", "iv", "A-7"], document.Pages.Select(page => page.Label));
    }

    [Fact]
    public async Task ARotatedPageIsReadAsItIsSeen()
    {
        var document = await Document(new PdfFile().PageEntries("/Rotate 90").Page("BT /F1 10 Tf 0 1 -1 0 100 72 Tm (Seen upright) Tj ET"));

        var page = Assert.Single(document.Pages);
        var block = Assert.Single(page.Blocks);
        Assert.Equal("Seen upright", block.Text);
        Assert.Equal((842, 595), (page.Width, page.Height));
        Assert.True(block.Box.Width > block.Box.Height, block.Box.ToString());
        Assert.InRange(block.Box.Left, 60, 80);
        Assert.InRange(block.Box.Top, 85, 105);
    }

    [Fact]
    public async Task AListItemKeepsItsContinuationLines()
    {
        var page = await OnlyPage(new PdfFile().Page(PdfFile.Text(72, 700, "\u0095") + PdfFile.Text(84, 700, "The first item goes on and on until the line is full") + PdfFile.Text(84, 688, "and ends here.") + PdfFile.Text(72, 676, "\u0095") + PdfFile.Text(84, 676, "The second.")));

        Assert.Equal(["• The first item goes on and on until the line is full and ends here.", "• The second."], page.Blocks.Select(block => block.Text));
        Assert.All(page.Blocks, block => Assert.Equal(BlockKind.ListItem, block.Kind));
    }

    [Fact]
    public async Task TheTitleComesFromTheFileUnlessAProgramLeftItThere()
    {
        var page = PdfFile.Text(72, 780, "A Large Heading", "F2", 20) + PdfFile.Text(72, 700, "Some text that is much longer than the heading so that its size is the body size.");

        Assert.Equal("Pump manual", (await Document(new PdfFile().Page(page).Objects("100 0 obj\n<< /Title (Pump manual) >>\nendobj\n").Trailer("/Info 100 0 R"))).Title);
        Assert.Equal("A Large Heading", (await Document(new PdfFile().Page(page).Objects("100 0 obj\n<< /Title (Microsoft Word - x.doc) >>\nendobj\n").Trailer("/Info 100 0 R"))).Title);
        Assert.Equal("file", (await Document(new PdfFile().Page(PdfFile.Text(72, 700, "Only this line.")))).Title);
    }

    [Fact]
    public async Task BlankPagesAreEmptyAndPicturesNeedOcr()
    {
        const string image = "100 0 obj\n<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\nA\nendstream\nendobj\n";
        const string draw = "q 500 0 0 700 50 50 cm /I1 Do Q";
        var text = PdfFile.Text(72, 700, "A page with a line of real text on it.");

        var blank = await Read(new PdfFile().Page(""));
        var picture = await Read(new PdfFile().Page(draw).Resources("/XObject << /I1 100 0 R >>").Objects(image));
        var half = await Read(new PdfFile().Page(text).Page(draw).Resources("/XObject << /I1 100 0 R >>").Objects(image));

        Assert.Equal(ReadStatus.Empty, blank.Status);
        Assert.Equal(ReadStatus.NeedsOcr, picture.Status);
        Assert.Contains("needs OCR", picture.Message, StringComparison.Ordinal);
        Assert.Equal(ReadStatus.Partial, half.Status);
        Assert.Equal(new PageRemark(2, PageJudge.PictureOnly), Assert.Single(half.Remarks));
        Assert.NotNull(half.Document);
    }

    [Fact]
    public async Task GarbageIsBrokenAndNothingIsEmpty()
    {
        File.WriteAllBytes(_folder["garbage.pdf"], [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7919 >> 3))]);
        File.WriteAllBytes(_folder["nothing.pdf"], []);

        Assert.Equal(ReadStatus.Broken, (await Read(Source("garbage.pdf"))).Status);
        Assert.Equal(ReadStatus.Empty, (await Read(Source("nothing.pdf"))).Status);
        Assert.Equal(ReadStatus.Broken, (await Read(Source("missing.pdf"))).Status);
    }

    [Fact]
    public void APageWithoutSpacesOrVowelsIsRemarked()
    {
        Assert.Equal(PageJudge.NoSpaces, PageJudge.Judge(300, 0, [new string('e', 300)], 0, 0));
        Assert.Equal(PageJudge.UnknownGlyphs, PageJudge.Judge(100, 40, ["abc"], 0, 0));
        Assert.Equal(PageJudge.ImplausibleLetters, PageJudge.Judge(300, 0, [.. Enumerable.Repeat("xkqzt", 60)], 0, 0));
        Assert.Equal(PageJudge.ImplausibleLetters, PageJudge.Judge(300, 0, [.. Enumerable.Repeat("!\"#$%&'()*+,-./:;<=>?@", 20)], 0, 0));
        Assert.Null(PageJudge.Judge(300, 0, [.. Enumerable.Repeat("seven", 60)], 3, 0));
        Assert.Null(PageJudge.Judge(700, 0, [.. Enumerable.Repeat("[...***...]", 60), "Confidential", "Treatment", "Requested"], 0, 0));
    }

    private SourceFile Source(string name) => new(_folder[name], name, "00");

    private Task<ReadResult> Read(PdfFile file) => Read(file.Save(_folder["file.pdf"]));

    private static Task<ReadResult> Read(SourceFile file) => new PdfReader().ReadAsync(file, TestContext.Current.CancellationToken);

    private async Task<Document> Document(PdfFile file)
    {
        var result = await Read(file);
        Assert.True(result.Status == ReadStatus.Ok, $"{result.Status}: {result.Message}");
        return result.Document!;
    }

    private async Task<Page> OnlyPage(PdfFile file) => Assert.Single((await Document(file)).Pages);
}

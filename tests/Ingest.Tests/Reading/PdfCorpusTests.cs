using System.Diagnostics;
using System.Text;
using DomainTuning.Documents;
using DomainTuning.Ingest.Reading;
using DomainTuning.Ingest.Reading.Pdf;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>What real manuals say, and that no word of them is glued or split: poppler's pdftotext is the judge where it is installed.</summary>
public sealed class PdfCorpusTests
{
    [Fact]
    public async Task AToolTableIsReadRowByRow()
    {
        var page = (await Read("gcode-programming.pdf")).Pages[9];

        Assert.Equal("828", page.Label);
        Assert.Equal((BlockKind.Heading, 4, "11.2.2.1 Tool Table Format"), Shape(page.Blocks[0]));
        Assert.Equal((BlockKind.Caption, 0, "Table 11.2: Tool Table Format"), Shape(page.Blocks[1]));
        var rows = page.Blocks[2].Text.Split('\n');
        Assert.Equal("T# | P# | X | Y | Z | A | B | C | U | V | W | Dia | FA | BA | Ori | Rem", rows[0]);
        Assert.Equal("T1 | P17 | X0 | Y0 | Z0 | A0 | B0 | C0 | U0 | V0 | W0 | D0 | I0 | J0 | Q0 | ;rem", rows[2]);
        Assert.Equal((BlockKind.ListItem, 0, "• P - pocket number, 1-1000 (pocket numbers must be unique, Pocket 0 represents the spindle)"), Shape(page.Blocks[5]));
    }

    [Theory]
    [InlineData("hardware-drivers.pdf")]
    [InlineData("gcode-programming.pdf")]
    public async Task TheCaptionOfAnExampleNeverOutranksANumberedHeading(string manual)
    {
        var headings = (await Read(manual)).Pages.SelectMany(page => page.Blocks).Where(block => block.Kind == BlockKind.Heading).ToList();

        var top = headings.Where(heading => heading.Level == 1).Select(heading => heading.Text);
        Assert.All(top, text => Assert.True(text.StartsWith("Chapter", StringComparison.Ordinal) || text is "Hardware Drivers" or "G-code Programming", text));
        Assert.Contains(headings, heading => heading.Level > 1 && heading.Text.Contains("xample", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CellsOfManyLinesStayTogether()
    {
        var page = (await Read("hardware-drivers.pdf")).Pages[11];

        var table = Assert.Single(page.Blocks, block => block.Kind == BlockKind.Table);
        Assert.Contains(".rawcounts | (s32, Out) | The raw count is the counts, but unaffected by reset or the index pulse.", table.Text.Split('\n'));
        Assert.Contains(page.Blocks, block => Shape(block) == (BlockKind.Code, 0, "gm.<card_no>.encoder.<axis_no>"));
    }

    [Fact]
    public async Task CellsThatRunIntoEachOtherAreKeptApartAndWordsThatRunOverAnEdgeStayWhole()
    {
        var components = (await Read("hal.pdf")).Pages[57].ToText().Text;
        var options = (await Read("hardware-drivers.pdf")).Pages[42].ToText().Text;

        Assert.Contains("gladevcp_demo | GladeVCP", components, StringComparison.Ordinal);
        Assert.Contains("SERIAL_PARITY | String", options, StringComparison.Ordinal);
        Assert.Contains("LINK_TYPE=tcp", options, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RangesOfLinesLieInTheirBlocksAndBoxesOnTheirPages()
    {
        foreach (var page in (await Read("glossary.pdf")).Pages)
            foreach (var block in page.Blocks)
            {
                var end = 0;
                Assert.NotEmpty(block.Lines);
                foreach (var line in block.Lines)
                {
                    Assert.True(line.Start >= end && line.Length > 0 && line.Start + line.Length <= block.Text.Length, $"page {page.Number}: {block.Text}");
                    Assert.True(line.Box.Left >= 0 && line.Box.Top >= 0 && line.Box.Left < page.Width && line.Box.Right > line.Box.Left && line.Box.Bottom <= page.Height, $"page {page.Number}: {line.Box}");
                    end = line.Start + line.Length;
                }
            }
    }

    [Fact]
    public async Task NoHeaderOfTheBookIsLeft()
    {
        var pages = (await Read("general-user-information.pdf")).Pages;

        Assert.DoesNotContain(pages, page => page.ToText().Text.Contains("V2.9.0~pre1+git20230208", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WordsOfTheManualsEqualThoseOfPoppler() => await CompareWithPoppler(Directory.GetFiles(Fixtures.Corpus("cnc"), "*.pdf"));

    [Fact]
    public async Task WordsOfContractsEqualThoseOfPoppler() =>
        await CompareWithPoppler([.. Directory.GetFiles(Fixtures.Shared("data", "qa", "cuad", "docs"), "*.pdf", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, i) => i % 4 == 0)]);

    private static async Task CompareWithPoppler(IReadOnlyList<string> files)
    {
        var scores = new List<double>();
        foreach (var file in files)
        {
            var poppler = await PopplerPages(file);
            var result = await new PdfReader { KeepRunningText = true }.ReadAsync(Source(file), TestContext.Current.CancellationToken);
            Assert.NotNull(result.Document);
            foreach (var page in result.Document.Pages)
                if (WordBagF1(page.ToText().Text, poppler[page.Number - 1]) is { } score)
                    scores.Add(score);
        }

        scores.Sort();
        Assert.True(scores[scores.Count / 2] >= 0.98, $"median {scores[scores.Count / 2]:F4} over {scores.Count} pages");
        Assert.True(scores.Count(score => score < 0.9) <= 0.02 * scores.Count, $"{scores.Count(score => score < 0.9)} of {scores.Count} pages below 0.9");
    }

    /// <summary>Words are what white space parts, compared as bags after NFKC; the bars between our cells are no words.</summary>
    private static double? WordBagF1(string ours, string theirs)
    {
        var left = Words(ours);
        var right = Words(theirs);
        if (left.Count + right.Count == 0) return null;
        var counts = right.GroupBy(word => word, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var common = left.Count(word => counts.TryGetValue(word, out var count) && (counts[word] = count - 1) >= 0);
        return 2.0 * common / (left.Count + right.Count);

        static List<string> Words(string text) => [.. text.Normalize(NormalizationForm.FormKC).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => word != "|")];
    }

    private static async Task<string[]> PopplerPages(string file)
    {
        try
        {
            using var poppler = Process.Start(new ProcessStartInfo("pdftotext", ["-q", "-enc", "UTF-8", file, "-"]) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 })!;
            return (await poppler.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\f');
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("Needs poppler's pdftotext, which is not installed (Debian: apt-get install poppler-utils).");
            throw;
        }
    }

    private static async Task<Document> Read(string name)
    {
        var result = await new PdfReader().ReadAsync(Source(Path.Combine(Fixtures.Corpus("cnc"), name)), TestContext.Current.CancellationToken);
        Assert.Equal(ReadStatus.Ok, result.Status);
        return result.Document!;
    }

    private static SourceFile Source(string path) => new(path, Path.GetFileName(path), "00");

    private static (BlockKind Kind, int Level, string Text) Shape(Block block) => (block.Kind, block.Level, block.Text);
}

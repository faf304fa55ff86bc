using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

public sealed class MarkdownReaderTests
{
    private readonly MarkdownReader reader = new(ReadingFile.TimeLimit);

    [Fact]
    public async Task StructureBecomesBlocks()
    {
        var result = await ReadingFile.ReadAsync(reader, "pump.md", """
            ---
            author: A. Nobody
            title: "Pump P-7: service"
            ---
            # Pump P-7

            Drain the *housing* before `M30`,
            then see [the valve](valve.md).

            Setext
            ------

            1. Close valve **V1**.
            2. Wait 5 min.
               - or until cold
               - never less

               Still step two.

            | Code | Meaning |
            |------|---------|
            | E1   | no oil \| dry |
            | E2   |  |

            ```gcode
            G0 X0
              M2
            ```

            > Hot surface!

            ~~Obsolete.~~ Use grease[^1] &copy; now.

            [^1]: Type G-2 only.
            """);

        Assert.Equal(ReadStatus.Ok, result.Status);
        Assert.Equal("Pump P-7: service", result.Document!.Title);
        Assert.Equal(
            [
                "H1 Pump P-7",
                "P Drain the housing before M30, then see the valve.",
                "H2 Setext",
                "L 1. Close valve V1.",
                "L 2. Wait 5 min.",
                "L or until cold",
                "L never less",
                "L Still step two.",
                "T Code | Meaning\nE1 | no oil | dry\nE2 | ",
                "C G0 X0\n  M2",
                "P Hot surface!",
                "P Use grease[1] © now.",
                "P [1] Type G-2 only.",
            ],
            ReadingFile.Lines(result));
    }

    [Fact]
    public async Task RawHtmlIsReadAsHtmlAndScriptsAreNot()
    {
        var result = await ReadingFile.ReadAsync(reader, "a.md", """
            Press <kbd>Ctrl</kbd>+<kbd>C</kbd> to stop.<br>Then wait.

            <table><tr><th>Pin</th><th>Use</th></tr><tr><td>1</td><td>ground</td></tr></table>

            <script>
            alert(1)
            </script>
            """);

        Assert.Equal(["P Press Ctrl+C to stop. Then wait.", "T Pin | Use\n1 | ground"], ReadingFile.Lines(result));
    }

    [Fact]
    public async Task WithoutFrontMatterTheFirstHeadingIsTheTitleAndWithoutHeadingTheFileName()
    {
        var headed = await ReadingFile.ReadAsync(reader, "x.md", "text first\n\n## Later\n");
        var bare = await ReadingFile.ReadAsync(reader, "bare.markdown", "only text");

        Assert.Equal("Later", headed.Document!.Title);
        Assert.Equal("bare", bare.Document!.Title);
    }

    [Theory]
    [InlineData(">", 100_000)]
    [InlineData("- ", 50_000)]
    [InlineData("[", 50_000)]
    [InlineData("*a **b ", 20_000)]
    [InlineData("![](", 20_000)]
    [InlineData("<a", 50_000)]
    public async Task DeepOrWildNestingIsAVerdict(string piece, int times)
    {
        var result = await ReadingFile.ReadAsync(new MarkdownReader(TimeSpan.FromSeconds(5)), "deep.md", string.Concat(Enumerable.Repeat(piece, times)) + " x");

        Assert.True(result.Document is not null || result.Message is { Length: > 20 });
    }
}

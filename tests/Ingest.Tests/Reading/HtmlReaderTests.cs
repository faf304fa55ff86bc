using System.Text;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

public sealed class HtmlReaderTests
{
    private readonly HtmlReader reader = new(ReadingFile.TimeLimit);

    [Fact]
    public async Task MainContentBecomesBlocksAndFurnitureIsLeftOut()
    {
        var result = await ReadingFile.ReadAsync(reader, "a.html", """
            <!doctype html><html><head><title> Spindle &amp; drive </title><style>p{color:red}</style><script>var x = "<p>no</p>";</script></head>
            <body><header>Company</header><nav><ul><li>Home</li></ul></nav>
            <main>
              <header><h1>Spindle<a class="headerlink" href="#s">¶</a></h1></header>
              <p>Speed is <b>24000</b>&nbsp;rpm.<br>Cool&shy;ing is <i>w</i>ater.</p>
              loose text
              <div>in a div<div>deeper</div>after</div>
              <ul><li>one <b>bold</b></li><li><p>two</p><p>more of two</p><ol start="4"><li>four</li><li>five</li></ol></li></ul>
              <table><caption>Pins</caption><thead><tr><th>Pin</th><th>Use</th></tr></thead>
                <tr><td rowspan="2">1</td><td>in<br>put</td></tr><tr><td>ground</td></tr></table>
              <pre><code>G0 X1
              	M2</code></pre>
              <p hidden>secret</p><p style="display: none">hidden</p><span aria-hidden="true">icon</span>
              <figure><img alt="A spindle" src="s.png"><figcaption>Figure 1. Spindle</figcaption></figure>
              <h3>Sub</h3><dl><dt>ESR</dt><dd>Emergency stop</dd></dl>
              <aside>Note: keep dry.</aside>
              <button>Buy</button><noscript>Enable JavaScript</noscript>
            </main><footer>Imprint</footer></body></html>
            """);

        Assert.Equal(ReadStatus.Ok, result.Status);
        Assert.Equal("Spindle & drive", result.Document!.Title);
        Assert.Equal(
            [
                "H1 Spindle",
                "P Speed is 24000 rpm. Cooling is water.",
                "P loose text",
                "P in a div",
                "P deeper",
                "P after",
                "L one bold",
                "L two\nmore of two",
                "L 4. four",
                "L 5. five",
                "K Pins",
                "T Pin | Use\n1 | in put\n1 | ground",
                "C G0 X1\n      M2",
                "P A spindle",
                "K Figure 1. Spindle",
                "H3 Sub",
                "P ESR",
                "P Emergency stop",
                "P Note: keep dry.",
            ],
            ReadingFile.Lines(result));
    }

    [Fact]
    public async Task WithoutMainTheBodyCountsAndItsOuterFurnitureDoesNot()
    {
        var result = await ReadingFile.ReadAsync(reader, "b.htm", "<body><header>Logo</header><div role=navigation>Menu</div><p>Text</p><aside>Ads</aside><footer>Imprint</footer>");

        Assert.Equal(["P Text"], ReadingFile.Lines(result));
        Assert.Equal("b", result.Document!.Title);
    }

    [Fact]
    public async Task LayoutTablesAreReadAsText()
    {
        var result = await ReadingFile.ReadAsync(reader, "c.html", "<table><tr><td><h1>Old page</h1><p>Left</p></td><td><ul><li>item</li></ul></td></tr></table>");

        Assert.Equal(["H1 Old page", "P Left", "L item"], ReadingFile.Lines(result));
    }

    [Theory]
    [InlineData("windows-1252", "Größe – 5 µm", "<meta charset=windows-1252>")]
    [InlineData("iso-8859-1", "Größe", "")]
    [InlineData("shift_jis", "主軸の回転数", "<meta http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>")]
    [InlineData("gb18030", "主轴转速", "<meta charset=\"gb2312\">")]
    [InlineData("koi8-r", "Шпиндель", "<?xml version='1.0' encoding='koi8-r'?>")]
    [InlineData("utf-8", "Größe", "<meta charset=iso-8859-1>")]
    [InlineData("utf-16", "Größe", "")]
    public async Task EncodingsAreKnownByMarkBytesOrDeclaration(string encoding, string text, string declaration)
    {
        var encoder = CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding);

        var result = await ReadingFile.ReadAsync(reader, "e.html", encoder.GetBytes($"{declaration}<p>{text}</p>"));

        Assert.Equal([$"P {text}"], ReadingFile.Lines(result));
    }

    [Theory]
    [InlineData("<div>", 300_000)]
    [InlineData("<b><p>", 30_000)]
    [InlineData("<table><tr><td>", 20_000)]
    [InlineData("<ul><li>", 20_000)]
    [InlineData("<a href=x>", 30_000)]
    public async Task DeepNestingIsReadOrRefusedButNeverFatal(string piece, int times)
    {
        var result = await ReadingFile.ReadAsync(new HtmlReader(TimeSpan.FromSeconds(5)), "deep.html", string.Concat(Enumerable.Repeat(piece, times)) + "bottom");

        Assert.True(result.Document is not null || result.Message is { Length: > 20 });
    }

    [Fact]
    public async Task APageWithoutTextIsEmpty()
    {
        var result = await ReadingFile.ReadAsync(reader, "f.html", "<html><head><title>T</title></head><body><script>x</script></body></html>");

        Assert.Equal(ReadStatus.Empty, result.Status);
    }
}

using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DomainTuning.Documents;
using DomainTuning.Server.Documents;

namespace DomainTuning.Server.Tests;

/// <summary>What the page is made of and what it shows, without a browser.</summary>
public sealed partial class PageFileTests(ServedWorkspace served)
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryModuleThatTheScriptsImportIsServed()
    {
        var waiting = new Queue<string>(["/page.js"]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (waiting.TryDequeue(out var path))
        {
            if (!seen.Add(path)) continue;
            using var response = await served.Client.GetAsync(path, Cancelled);
            Assert.Equal("text/javascript", response.Content.Headers.ContentType!.MediaType);
            foreach (Match import in Imports().Matches(await response.Content.ReadAsStringAsync(Cancelled)))
                waiting.Enqueue(new Uri(new Uri(served.Address, path), import.Groups[1].Value).AbsolutePath);
        }

        Assert.True(seen.Count > 10, $"Only {seen.Count} modules were found.");
    }

    [Fact]
    public async Task NoScriptOfThePageParsesMarkup()
    {
        foreach (var name in typeof(WebServer).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".js", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(typeof(WebServer).Assembly.GetManifestResourceStream(name)!);
            Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", await reader.ReadToEndAsync(Cancelled));
        }
    }

    [Fact]
    public async Task ABrowserThatHasThePageIsToldThatItIsStillRight()
    {
        using var first = await served.Client.GetAsync("/page.js", Cancelled);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/page.js") { Headers = { { "If-None-Match", first.Headers.ETag!.ToString() } } };

        using var second = await served.Client.SendAsync(again, Cancelled);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task APageIsDrawnFromTheIndexWithItsLinesAtTheirBoxes()
    {
        using var upload = new MultipartFormDataContent { { new ByteArrayContent(DocumentApiTests.OnePagePdf("Torque of bolt D-20 is 110 Nm.")), "file", "drawn.pdf" } };
        using var uploaded = await served.Client.PostAsync("/v1/corpora/drawn/documents", upload, Cancelled);
        using var documents = JsonDocument.Parse(await served.Client.GetStringAsync("/v1/corpora/drawn/documents", Cancelled));
        var id = documents.RootElement.GetProperty("data")[0].GetProperty("id").GetString();

        using var response = await served.Client.GetAsync($"/v1/corpora/drawn/documents/{id}/pages/1/drawing", Cancelled);
        var line = XDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).Descendants(Svg + "text").Single();

        Assert.Equal("image/svg+xml", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("Torque of bolt D-20 is 110 Nm.", line.Value);
        Assert.Equal(72, (double)line.Attribute("x")!, 3.0);
        Assert.Equal(92, (double)line.Attribute("y")!, 4.0); // 792 less the 700 that the line is written at
    }

    [Fact]
    public async Task TextWithoutPagesHasNoDrawingAndSaysWhereItsTextIs()
    {
        using var documents = JsonDocument.Parse(await served.Client.GetStringAsync("/v1/corpora/pumps/documents", Cancelled));
        var id = documents.RootElement.GetProperty("data")[0].GetProperty("id").GetString();

        using var response = await served.Client.GetAsync($"/v1/corpora/pumps/documents/{id}/pages/1/drawing", Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("no_image", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatADocumentHoldsIsTextInTheDrawing()
    {
        const string Hostile = "</text><script>alert(1)</script>&\u0001\uD800 x";

        var drawing = XDocument.Parse(PageDrawing.Draw(PageOf(Hostile, new Box(50, 50, 550, 64)))!);

        Assert.Equal("</text><script>alert(1)</script>&   x", drawing.Descendants(Svg + "text").Single().Value);
        Assert.Equal(["svg", "rect", "g", "text"], drawing.Descendants().Select(element => element.Name.LocalName));
    }

    [Fact]
    public void ABlockOfSeveralRowsIsBrokenIntoThemAndStaysInItsBox()
    {
        var text = string.Join(' ', Enumerable.Repeat("several words of a long paragraph", 12));

        var rows = XDocument.Parse(PageDrawing.Draw(PageOf(text, new Box(50, 100, 350, 220)))!).Descendants(Svg + "text").ToList();

        Assert.InRange(rows.Count, 4, 14);
        Assert.Equal(text, string.Join(' ', rows.Select(row => row.Value)));
        Assert.All(rows, row => Assert.InRange((double)row.Attribute("y")!, 100, 220));
    }

    [Fact]
    public async Task AdaptersAreListedWithWhatTheirCardsSay()
    {
        var folder = Directory.CreateDirectory(Path.Combine(served.AdaptersFolder, "carded")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "adapter_config.json"), """{"peft_type":"LORA","r":8,"lora_alpha":16,"target_modules":["q_proj"]}""", Cancelled);
        new Adapters.AdapterCard
        {
            BaseModel = "smollm2-135m-instruct", BaseSha256 = Adapters.AdapterCard.Unknown, TemplateSha256 = Adapters.AdapterCard.Unknown, TokenizerSha256 = Adapters.AdapterCard.Unknown,
            Method = "lora", Rank = 8, PerplexityBefore = 18.5, PerplexityAfter = 4.25,
        }.Write(folder);

        using var adapters = JsonDocument.Parse(await served.Client.GetStringAsync("/v1/adapters", Cancelled));

        var found = adapters.RootElement.GetProperty("data").EnumerateArray().Single(adapter => adapter.GetProperty("name").GetString() == "carded");
        Assert.Equal("smollm2-135m-instruct:carded", found.GetProperty("id").GetString());
        Assert.Equal((8, 18.5, 4.25), (found.GetProperty("rank").GetInt32(), found.GetProperty("perplexity_before").GetDouble(), found.GetProperty("perplexity_after").GetDouble()));
    }

    private static PageText PageOf(string text, Box box) => new(1, null, 600, 800, text, [new Line(0, text.Length, box)]);

    [GeneratedRegex("from '(\\.[^']+)'", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Imports();
}

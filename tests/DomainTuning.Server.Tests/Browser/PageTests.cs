using System.Text;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace DomainTuning.Server.Tests.Browser;

/// <summary>The page in a real browser, with arms that need no language model.</summary>
public sealed class PageTests(ServedWorkspace served, Chromium chromium) : IClassFixture<Chromium>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ACitationOpensItsPageWithTheQuoteMarkedAndNothingLeavesTheOrigin()
    {
        await UploadAsync("page-bolts", "bolts.pdf", DocumentApiTests.OnePagePdf("Torque of bolt B-77 is 85 Nm."));
        await using var page = await chromium.OpenAsync(served.Address);

        await page.AskAsync("What is the torque of bolt B-77?", "quote@page-bolts");
        await page.Page.ClickAsync("button.mark-number");
        var mark = page.Page.Locator("rect.highlight").First;
        await mark.WaitForAsync();
        var place = await mark.EvaluateAsync<double[]>("mark => ['x', 'y', 'height'].map(name => Number(mark.getAttribute(name)))");

        Assert.Contains("Page 1 of 1", await page.Page.InnerTextAsync("#viewer"), StringComparison.Ordinal);
        Assert.Contains("85 Nm", await page.Page.InnerTextAsync(".answer blockquote.lead"), StringComparison.Ordinal);
        Assert.Equal(72, place[0], 6.0);
        Assert.InRange(92, place[1], place[1] + place[2]); // the baseline that the line is written at
        Assert.Contains("What is the torque", await page.Page.InnerTextAsync("#conversations"), StringComparison.Ordinal);
        Assert.All(page.Asked.Where(address => !address.StartsWith("data:", StringComparison.Ordinal)), address => Assert.StartsWith(served.Address.AbsoluteUri, address, StringComparison.Ordinal));
        Assert.Empty(page.Troubles);

        await page.Page.Keyboard.PressAsync("Escape");
        Assert.True(await page.Page.IsHiddenAsync("#viewer"));
    }

    [Fact]
    public async Task MarkupInADocumentAndInAQuestionStaysText()
    {
        await UploadAsync("page-hostile", "hostile.txt", Encoding.UTF8.GetBytes("The valve VX-9 opens at 3 bar <script>alert(1)</script> <img src=x onerror=alert(2)> and not before."));
        await using var page = await chromium.OpenAsync(served.Address);

        await page.AskAsync("When does VX-9 open? <script>alert(3)</script>", "quote@page-hostile");
        await page.Page.ClickAsync(".source");
        await page.Page.WaitForSelectorAsync("mark.highlight");

        Assert.Contains("<script>alert(3)</script>", await page.Page.InnerTextAsync(".question"), StringComparison.Ordinal);
        Assert.Contains("<script>alert(1)</script>", await page.Page.InnerTextAsync("#viewer"), StringComparison.Ordinal);
        Assert.Equal(0, await page.Page.Locator("main script, main img, #viewer script, #viewer img, nav script").CountAsync());
        Assert.Empty(page.Troubles);
    }

    [Fact]
    public async Task FilesThatAreUploadedGetAVerdictEach()
    {
        await using var page = await chromium.OpenAsync(served.Address, "#/library");

        await page.Page.SelectOptionAsync("#into", "");
        await page.Page.FillAsync("#corpus-name", "page-upload");
        await page.Page.SetInputFilesAsync("#files", [
            new FilePayload { Name = "fan.md", MimeType = "text/markdown", Buffer = Encoding.UTF8.GetBytes("The fan F-9 turns at 1450 rpm.") },
            new FilePayload { Name = "broken.pdf", MimeType = "application/pdf", Buffer = Encoding.UTF8.GetBytes("not a PDF") },
        ]);
        await page.Page.WaitForSelectorAsync(".upload button");

        Assert.Equal(["broken", "added"], await page.Page.Locator(".upload .verdict").AllInnerTextsAsync());
        await page.Page.Locator("#corpora button", new PageLocatorOptions { HasText = "page-upload" }).WaitForAsync();
        Assert.Empty(page.Troubles);
    }

    [Fact]
    public async Task ArmsAnswerSideBySide()
    {
        await UploadAsync("page-compare", "fan.txt", Encoding.UTF8.GetBytes("The fan F-3 moves 900 cubic metres an hour."));
        await using var page = await chromium.OpenAsync(served.Address, "#/compare");

        await ChooseAsync(page.Page, "quote@page-compare", "quote@pumps");
        await page.AskAsync("How much does it move or deliver?");
        await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('.columns .meta').length === 2");

        Assert.Equal(["Quote alone · page-compare", "Quote alone · pumps"], (await page.Page.Locator(".arm-name").AllInnerTextsAsync()).Order(StringComparer.Ordinal));
        Assert.Empty(page.Troubles);
    }

    [Theory]
    [InlineData("#/", ColorScheme.Light, "en", 1440)]
    [InlineData("#/compare", ColorScheme.Dark, "en", 390)]
    [InlineData("#/library", ColorScheme.Dark, "zh", 1440)]
    public async Task NothingSeriousKeepsAnyoneOut(string place, ColorScheme colours, string language, int width)
    {
        await using var page = await chromium.OpenAsync(served.Address, place, colours, language, width);

        var found = await page.Page.RunAxe();

        Assert.Equal(language, (await page.Page.GetAttributeAsync("html", "lang"))![..2]);
        Assert.Empty(found.Violations.Where(violation => violation.Impact is "serious" or "critical").Select(violation => $"{violation.Id}: {violation.Help} {string.Join(' ', violation.Nodes.Select(node => node.Html))}"));
    }

    private static async Task ChooseAsync(IPage page, params string[] arms)
    {
        foreach (var arm in await page.Locator("#arms input:checked").EvaluateAllAsync<string[]>("boxes => boxes.map(box => box.value)"))
            if (!arms.Contains(arm)) await page.UncheckAsync($"#arms input[value=\"{arm}\"]");
        foreach (var arm in arms) await page.CheckAsync($"#arms input[value=\"{arm}\"]");
    }

    private async Task UploadAsync(string corpus, string name, byte[] content)
    {
        using var upload = new MultipartFormDataContent { { new ByteArrayContent(content), "file", name } };
        using var response = await served.Client.PostAsync($"/v1/corpora/{corpus}/documents", upload, Cancelled);
        response.EnsureSuccessStatusCode();
    }
}

using System.Text;
using Microsoft.Playwright;

namespace DomainTuning.Server.Tests.Browser;

/// <summary>
/// Takes the pictures of docs/screens from a running server, when asked to:
/// <c>DOMAINTUNING_ADDRESS=http://127.0.0.1:8080 DomainTuning.Server.Tests --explicit only --filter-class '*Screens'</c>. It asks the shipped corpus, and uploads into a corpus "coolant".
/// </summary>
public sealed class Screens(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly Uri Server = new(Environment.GetEnvironmentVariable("DOMAINTUNING_ADDRESS") ?? "http://127.0.0.1:8080");

    private static readonly string Folder = Path.Combine(Fixtures.Root, "docs", "screens");

    [Theory(Explicit = true)]
    [InlineData("light-en", ColorScheme.Light, "en", 1440, 900)]
    [InlineData("dark-zh", ColorScheme.Dark, "zh", 390, 844)]
    public async Task OfEveryPlace(string name, ColorScheme colours, string language, int width, int height)
    {
        await using var page = await chromium.OpenAsync(Server, "#/", colours, language, width, height);
        await TakeAsync(page.Page, $"empty-{name}");

        await page.AskAsync("Which codes select the plane?", "quote@cnc");
        await page.Page.WaitForSelectorAsync(".meta");
        await TakeAsync(page.Page, $"answer-{name}");
        await page.Page.Locator(".source").First.ClickAsync();
        await page.Page.WaitForSelectorAsync("rect.highlight");
        await TakeAsync(page.Page, $"citation-{name}");

        await page.Page.GotoAsync(new Uri(Server, "#/library").AbsoluteUri);
        await page.Page.SelectOptionAsync("#into", "");
        await page.Page.FillAsync("#corpus-name", "coolant");
        await page.Page.SetInputFilesAsync("#files", [
            new FilePayload { Name = "coolant.md", MimeType = "text/markdown", Buffer = Encoding.UTF8.GetBytes("The coolant pump CP-7 is refilled every 40 hours.") },
            new FilePayload { Name = "scan.pdf", MimeType = "application/pdf", Buffer = Encoding.UTF8.GetBytes("%PDF-1.4 and nothing more") },
            new FilePayload { Name = "table.xlsx", MimeType = "application/octet-stream", Buffer = [1] },
        ]);
        await page.Page.WaitForSelectorAsync(".upload button");
        await TakeAsync(page.Page, $"upload-{name}");

        await page.Page.GotoAsync(new Uri(Server, "#/compare").AbsoluteUri);
        await page.AskAsync("What does G33.1 do?");
        await page.Page.WaitForFunctionAsync("() => document.querySelector('.columns') && !document.querySelector('.columns .waiting')", null, new PageWaitForFunctionOptions { Timeout = 300_000 }); // a model may be opened first
        await TakeAsync(page.Page, $"compare-{name}");
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}.png"), Animations = ScreenshotAnimations.Disabled });
    }
}

using Microsoft.Playwright;

namespace DomainTuning.Server.Tests.Browser;

/// <summary>The system's Chromium, headless. Nothing is downloaded: where there is none, what needs it is skipped and says so.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        if (Places.FirstOrDefault(File.Exists) is not { } path) return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Timeout = 120_000 });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    /// <summary>A page of a browser that knows nothing of the others, with every address that it asks for and every dialog that it opens.</summary>
    public async Task<BrowserPage> OpenAsync(Uri server, string place = "#/", ColorScheme colours = ColorScheme.Light, string language = "en", int width = 1440, int height = 900)
    {
        Assert.SkipWhen(browser is null, $"There is no Chromium ({string.Join(", ", Places)}); install Debian's package chromium to run the browser tests.");
        var context = await browser.NewContextAsync(new BrowserNewContextOptions { ColorScheme = colours, Locale = language, ViewportSize = new ViewportSize { Width = width, Height = height } });
        context.SetDefaultTimeout(90_000);
        var page = new BrowserPage(context, await context.NewPageAsync());
        await page.Page.GotoAsync(new Uri(server, place).AbsoluteUri);
        await page.Page.WaitForSelectorAsync("main > *");
        return page;
    }
}

public sealed class BrowserPage : IAsyncDisposable
{
    private readonly IBrowserContext context;

    public BrowserPage(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Request += (_, request) => Asked.Add(request.Url);
        page.PageError += (_, error) => Troubles.Add(error);
        page.Dialog += async (_, dialog) =>
        {
            Troubles.Add($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    public List<string> Asked { get; } = [];

    /// <summary>Errors of scripts and dialogs that opened.</summary>
    public List<string> Troubles { get; } = [];

    public async Task AskAsync(string question, string? arm = null)
    {
        if (arm is not null) await Page.SelectOptionAsync("#arm", arm);
        await Page.FillAsync("#question", question);
        await Page.Keyboard.PressAsync("Enter");
    }

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}

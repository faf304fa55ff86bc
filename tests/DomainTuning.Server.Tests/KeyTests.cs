using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Server.Keys;

namespace DomainTuning.Server.Tests;

public sealed class KeyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void AKeyIsKeptAsItsHashInAFileOfItsOwner()
    {
        using var folder = new TemporaryFolder();
        var file = new ApiKeyFile(folder["keys.json"]);

        var key = file.Add("anna", ApiScopes.Ask, TimeProvider.System);

        var stored = File.ReadAllText(folder["keys.json"]);
        Assert.StartsWith("dt-", key, StringComparison.Ordinal);
        Assert.DoesNotContain(key[3..], stored, StringComparison.Ordinal);
        Assert.Equal("anna", file.Find(key)?.Name);
        Assert.Null(file.Find(key + "x"));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["keys.json"]));
        Assert.Throws<SettingsException>(() => file.Add("anna", ApiScopes.Ask, TimeProvider.System));
        Assert.True(file.Remove("anna"));
        Assert.Null(file.Find(key));
    }

    [Fact]
    public void AFileThatCannotBeReadLetsNobodyIn()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["keys.json"], "{");

        Assert.Contains("keys add", Assert.Throws<SettingsException>(() => new ApiKeyFile(folder["keys.json"]).Find("dt-x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyOpensWhatItsScopesSayAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        var workspace = new Workspace(folder.Path);
        var keys = new ApiKeyFile(workspace.KeysFile);
        var (ask, ingest, admin) = (keys.Add("anna", ApiScopes.Ask, TimeProvider.System), keys.Add("ben", ApiScopes.Ask | ApiScopes.Ingest, TimeProvider.System), keys.Add("cleo", ApiScopes.Admin, TimeProvider.System));
        await using var arms = new ArmCatalog(workspace, new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0 }, arms, Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null, HttpMethod.Get, "/v1/models"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("dt-wrong", HttpMethod.Get, "/v1/models"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null, HttpMethod.Post, "/mcp"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ask, HttpMethod.Get, "/v1/models"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(ask, HttpMethod.Post, "/v1/corpora/x/documents"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(ask, HttpMethod.Delete, "/v1/corpora/x/documents/y"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(ingest, HttpMethod.Post, "/v1/corpora/x/documents")); // let in, and no file
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(ingest, HttpMethod.Get, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(admin, HttpMethod.Get, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(null, HttpMethod.Get, "/health"));
        using var browser = new HttpClient { BaseAddress = new Uri(server.Address) };
        using (var begin = new HttpRequestMessage(HttpMethod.Post, "/v1/session") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", ask) } })
            Assert.Contains("httponly", (await browser.SendAsync(begin, Cancelled)).Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/v1/models", Cancelled)).StatusCode); // the cookie is enough
        keys.Remove("anna");
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/v1/models", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(ask, HttpMethod.Get, "/v1/models"));

        async Task<HttpStatusCode> StatusAsync(string? key, HttpMethod method, string path)
        {
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(method, new Uri(new Uri(server.Address), path)) { Content = method == HttpMethod.Get ? null : new StringContent("{}", Encoding.UTF8, "application/json") };
            if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await client.SendAsync(request, Cancelled);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task AConversationBelongsToTheKeyThatBeganIt()
    {
        using var folder = new TemporaryFolder();
        var workspace = new Workspace(folder.Path);
        var keys = new ApiKeyFile(workspace.KeysFile);
        var (anna, ben) = (keys.Add("anna", ApiScopes.Ask, TimeProvider.System), keys.Add("ben", ApiScopes.Ask, TimeProvider.System));
        await using var arms = new ArmCatalog(workspace, new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0 }, arms, Cancelled);
        using var hers = ClientOf(anna);
        using var his = ClientOf(ben);

        using var made = await hers.PostAsync("/v1/conversations", new StringContent("""{"title":"mine"}""", Encoding.UTF8, "application/json"), Cancelled);
        using var body = System.Text.Json.JsonDocument.Parse(await made.Content.ReadAsStringAsync(Cancelled));
        var path = "/v1/conversations/" + body.RootElement.GetProperty("id").GetString();

        Assert.Equal(HttpStatusCode.OK, (await hers.GetAsync(path, Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await his.GetAsync(path, Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await his.DeleteAsync(path, Cancelled)).StatusCode);
        Assert.DoesNotContain("mine", await his.GetStringAsync("/v1/conversations", Cancelled), StringComparison.Ordinal);

        HttpClient ClientOf(string key) => new() { BaseAddress = new Uri(server.Address), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
    }
}

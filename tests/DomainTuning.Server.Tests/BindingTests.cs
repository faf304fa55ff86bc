using System.Net;
using System.Net.Http.Headers;
using DomainTuning.Corpora;
using DomainTuning.Arms;

namespace DomainTuning.Server.Tests;

public sealed class BindingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AServerThatOtherMachinesReachNeedsAKey()
    {
        using var folder = new TemporaryFolder();
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());

        var error = await Assert.ThrowsAsync<SettingsException>(() => WebServer.StartAsync(new Settings { Host = "0.0.0.0", Port = 0 }, arms, Cancelled));

        Assert.Contains("DOMAINTUNING_API_KEY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithAKeyOnlyThoseWhoHaveItAreServed()
    {
        using var folder = new TemporaryFolder();
        var settings = new Settings { Port = 0, ApiKey = "secret" };
        await using var arms = new ArmCatalog(new Workspace(folder.Path), settings);
        await using var server = await WebServer.StartAsync(settings, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        var without = await client.GetAsync("/v1/models", Cancelled);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        var with = await client.GetAsync("/v1/models", Cancelled);

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
    }

    [Fact]
    public async Task ATakenPortIsSaidWithTheWayOut()
    {
        using var folder = new TemporaryFolder();
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());
        await using var first = await WebServer.StartAsync(new Settings { Port = 0 }, arms, Cancelled);

        var error = await Assert.ThrowsAsync<SettingsException>(() =>
            WebServer.StartAsync(new Settings { Port = new Uri(first.Address).Port }, arms, Cancelled));

        Assert.Contains("--port", error.Message, StringComparison.Ordinal);
    }
}

using System.Net;
using System.Net.Http.Headers;
using DomainTuning.Arms;
using DomainTuning.Corpora;

namespace DomainTuning.Server.Tests;

public sealed class EvaluationFilesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReportsOfCorporaAndOfThisMachineAreListedAndServedInASandbox()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "corpora/pumps/results/a.html", "<p>committed</p>");
        Write(folder, ".domaintuning/evaluations/pumps/b.html", "<p>mine</p>");
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0 }, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        var list = await client.GetStringAsync("/evaluations", Cancelled);
        Assert.Contains("/evaluations/results/pumps/a.html", list, StringComparison.Ordinal);
        Assert.Contains("/evaluations/runs/pumps/b.html", list, StringComparison.Ordinal);

        var report = await client.GetAsync("/evaluations/runs/pumps/b.html", Cancelled);
        Assert.Equal("<p>mine</p>", await report.Content.ReadAsStringAsync(Cancelled));
        Assert.StartsWith("sandbox", Assert.Single(report.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/evaluations/results/pumps/questions.jsonl")]
    [InlineData("/evaluations/results/pumps/..%2Fquestions.jsonl")]
    [InlineData("/evaluations/results/..%2F..%2F/domaintuning.json")]
    public async Task NothingButReportsCanBeAskedFor(string path)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "corpora/pumps/results/a.html", "<p>committed</p>");
        Write(folder, "corpora/pumps/questions.jsonl", "secret");
        Write(folder, "domaintuning.json", "{}");
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0 }, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path, Cancelled)).StatusCode);
    }

    [Fact]
    public async Task WithAKeyReportsNeedItToo()
    {
        using var folder = new TemporaryFolder();
        var settings = new Settings { Port = 0, ApiKey = "secret" };
        await using var arms = new ArmCatalog(new Workspace(folder.Path), settings);
        await using var server = await WebServer.StartAsync(settings, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/evaluations", Cancelled)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/evaluations", Cancelled)).StatusCode);
    }

    private static void Write(TemporaryFolder folder, string path, string text)
    {
        var full = Path.Combine([folder.Path, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}

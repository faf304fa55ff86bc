using System.Diagnostics;
using System.Net;
using System.Text;
using DomainTuning.Arms;
using DomainTuning.Corpora;

namespace DomainTuning.Server.Tests;

public sealed class OperationTests(ServedWorkspace served)
{
    private const string Question = """{"model":"quote@pumps","messages":[{"role":"user","content":"What does error E17 mean?"}]}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MetricsTellWhatWasAnswered()
    {
        await served.Client.PostAsync("/v1/chat/completions", Json(Question), Cancelled);

        var metrics = await served.Client.GetStringAsync("/metrics", Cancelled);

        foreach (var name in new[] { "gen_ai_server_request_duration_seconds_count", "gen_ai_server_time_to_first_token_seconds_bucket", "domaintuning_retrieval_duration_seconds_sum", "domaintuning_requests_active", "domaintuning_requests_waiting", "domaintuning_tokens", "domaintuning_citations", "domaintuning_dropped", "http_server_request_duration_seconds_count" })
            Assert.Contains(name, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATraceNamesTheArmAndItsChunks()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DomainTuning",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans) spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        using var response = await served.Client.PostAsync("/v1/chat/completions", Json(Question), Cancelled);
        await response.Content.ReadAsStringAsync(Cancelled);

        Activity span;
        lock (spans) span = spans.First(span => span.DisplayName == "chat quote@pumps");
        Assert.Equal(("chat", "quote@pumps", "pumps"), ((string?)span.GetTagItem("gen_ai.operation.name"), (string?)span.GetTagItem("gen_ai.request.model"), (string?)span.GetTagItem("domaintuning.corpus")));
        Assert.NotEmpty((string[])span.GetTagItem("domaintuning.chunk_ids")!);
        Assert.DoesNotContain(span.TagObjects, tag => tag.Value is string text && text.Contains("E17", StringComparison.Ordinal)); // no text of the question
    }

    [Fact]
    public async Task TheServerIsReadyOnceItsModelsAreOpen()
    {
        HttpResponseMessage response;
        while ((response = await served.Client.GetAsync("/ready", Cancelled)).StatusCode != HttpStatusCode.OK)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Contains("being opened", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
            await Task.Delay(100, Cancelled);
        }

        Assert.Contains("\"ready\"", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFormOfAnotherSiteIsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Question, Encoding.UTF8, "text/plain"), Headers = { { "Origin", "https://evil.example" } } };

        using var response = await served.Client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task ThePageItselfMayCallAndIsHeldToItsOwnFiles()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "Origin", served.Address.GetLeftPart(UriPartial.Authority) } } };

        using var response = await served.Client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task AnAllowedOriginMayCallFromABrowser()
    {
        using var folder = new TemporaryFolder();
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0, CorsOrigins = "https://intranet.example" }, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        using var ask = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions") { Headers = { { "Origin", "https://intranet.example" }, { "Access-Control-Request-Method", "POST" } } };
        using var call = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "Origin", "https://intranet.example" } } };

        using var allowed = await client.SendAsync(ask, Cancelled);
        using var called = await client.SendAsync(call, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Contains("POST", allowed.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "https://intranet.example"), (called.StatusCode, called.Headers.GetValues("Access-Control-Allow-Origin").Single()));
    }

    [Fact]
    public async Task MoreRequestsAMinuteThanAllowedAreRefusedWithTheTimeToWait()
    {
        using var folder = new TemporaryFolder();
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());
        await using var server = await WebServer.StartAsync(new Settings { Port = 0, RequestsPerMinute = 2 }, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        var statuses = new List<HttpResponseMessage>();
        for (var i = 0; i < 3; i++) statuses.Add(await client.PostAsync("/v1/search", Json("""{"query":"x"}"""), Cancelled));
        using var reading = await client.GetAsync("/v1/models", Cancelled);

        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests], statuses.Select(response => response.StatusCode));
        Assert.InRange(statuses[2].Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(HttpStatusCode.OK, reading.StatusCode);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task MoreThanMayWaitForAModelIsRefusedWithItsStatusAlsoWhenStreamed(string stream)
    {
        var settings = new Settings { Port = 0, WaitingRequests = 0 };
        await using var arms = new ArmCatalog(new Workspace(served.Folder), settings);
        await using var server = await WebServer.StartAsync(settings, arms, Cancelled);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        // 16 answers at once for 8 places, and none may wait.
        using var response = await client.PostAsync(
            "/v1/chat/completions", Json($$"""{"model":"tiny-tools","n":16,"stream":{{stream}},"max_tokens":400,"messages":[{"role":"user","content":"x"}]}"""), Cancelled);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task ABodyOfMegabytesIsRefused()
    {
        // The client asks before it sends: otherwise it may still be writing when the answer comes.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Json(new string(' ', 5 << 20)), Headers = { ExpectContinue = true } };

        using var response = await served.Client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task TracesLeaveTheMachineOnlyWhereThatIsAllowed()
    {
        using var folder = new TemporaryFolder();
        await using var arms = new ArmCatalog(new Workspace(folder.Path), new Settings());

        var error = await Assert.ThrowsAsync<SettingsException>(() => WebServer.StartAsync(new Settings { Port = 0, Offline = true, Traces = "http://collector.example:4317" }, arms, Cancelled));

        Assert.Contains("--offline", error.Message, StringComparison.Ordinal);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}

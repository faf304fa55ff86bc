using DomainTuning.Answering;
using DomainTuning.Checkpoints.Library;
using Microsoft.Extensions.AI;

namespace DomainTuning.Endpoints.Tests;

public sealed class EndpointChatClientTests
{
    private static readonly EndpointOptions Impatient = new() { Timeout = TimeSpan.FromSeconds(1), Retries = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnAnswerComesWholeAndStreamed()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var client = Client(server);

        Assert.Equal("big heard hello", (await client.GetResponseAsync("hello", cancellationToken: Token)).Text);
        var pieces = await client.GetStreamingResponseAsync("hello", cancellationToken: Token).Select(update => update.Text).Where(text => text.Length > 0).ToListAsync(Token);
        Assert.Equal(["big ", "heard ", "hello "], pieces);
    }

    [Fact]
    public async Task AnAdapterIsAnotherModelNameThere()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var client = Client(server);

        Assert.StartsWith("pumps heard", (await client.GetResponseAsync("hello", new ChatOptions { ModelId = "mine:pumps" }, Token)).Text, StringComparison.Ordinal);
        Assert.StartsWith("big heard", (await client.GetResponseAsync("hello", new ChatOptions { ModelId = "mine" }, Token)).Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("hello", new ChatOptions { ModelId = "other" }, Token));
    }

    [Fact]
    public async Task OptionsReachTheServer()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var client = Client(server);

        await client.GetResponseAsync("hello", new ChatOptions { Temperature = 0.25f, MaxOutputTokens = 7, StopSequences = ["END"], Seed = 3 }, Token);

        var sent = server.Requests.Single();
        Assert.Equal(0.25, sent["temperature"]!.GetValue<double>());
        Assert.Equal(7, (sent["max_completion_tokens"] ?? sent["max_tokens"])!.GetValue<int>());
        Assert.Equal("END", sent["stop"]!.AsArray().Single()!.GetValue<string>());
        Assert.Equal(3, sent["seed"]!.GetValue<long>());
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    public async Task ABusyServerIsAskedAgain(int status)
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Failing = (status, 1);
        using var client = Client(server, new EndpointOptions { Retries = 1 });

        Assert.Equal("big heard hello", (await client.GetResponseAsync("hello", cancellationToken: Token)).Text);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(500, "failed")]
    [InlineData(429, "too many requests")]
    [InlineData(400, "refused the request")]
    public async Task AFailureSaysWhoAndWhat(int status, string expected)
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Failing = (status, 10);
        using var client = Client(server, Impatient);

        var error = await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync("hello", cancellationToken: Token));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'big' at {server.Url}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongModelNameAKeyAndAnAddressThatIsNoApiAreToldApart()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var unknown = Client(server, Impatient, model: "huge");
        Assert.Contains("does not know 'huge'", (await Assert.ThrowsAsync<EndpointException>(() => unknown.GetResponseAsync("hello", cancellationToken: Token))).Message, StringComparison.Ordinal);

        using var client = Client(server, Impatient);
        server.AnswersHtml = true;
        Assert.Contains("usually ends in /v1", (await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync("hello", cancellationToken: Token))).Message, StringComparison.Ordinal);

        server.AnswersHtml = false;
        server.Key = "secret";
        Assert.Contains("refused the key", (await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync("hello", cancellationToken: Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheKeyComesFromItsVariable()
    {
        const string Variable = "ENDPOINT_TEST_KEY";
        await using var server = await LoopbackServer.StartAsync();
        server.Key = "secret";
        var card = Card(server) with { Endpoint = new ServedElsewhere(server.Url, "big", Variable) };
        Assert.Contains($"the variable {Variable} is empty", Assert.Throws<EndpointException>(() => new EndpointChatClient(card)).Message, StringComparison.Ordinal);

        Environment.SetEnvironmentVariable(Variable, "secret");
        using var client = new EndpointChatClient(card, Impatient);

        Assert.Equal("big heard hello", (await client.GetResponseAsync("hello", cancellationToken: Token)).Text);
    }

    [Fact]
    public async Task SilenceAndABrokenStreamEndWithASentence()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var client = Client(server, Impatient);
        server.Silence = TimeSpan.FromSeconds(30);
        Assert.Contains("gave nothing within its time", (await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync("hello", cancellationToken: Token))).Message, StringComparison.Ordinal);

        (server.Silence, server.BreaksOff) = (default, true);
        var error = await Assert.ThrowsAsync<EndpointException>(() => client.GetStreamingResponseAsync("hello", cancellationToken: Token).ToListAsync(Token).AsTask());
        Assert.Contains("no connection", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyThereAndAnotherMachineOfflineAreRefusedWithTheRemedy()
    {
        var card = new ModelCard { Id = "mine", Kind = ModelKind.Chat, Architecture = "served elsewhere", Licence = "unknown", Source = "", Endpoint = new ServedElsewhere(new Uri("http://127.0.0.1:1/v1"), "big") };
        using var client = new EndpointChatClient(card, Impatient);
        Assert.Contains("Start the server", (await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync("hello", cancellationToken: Token))).Message, StringComparison.Ordinal);

        var elsewhere = card with { Endpoint = new ServedElsewhere(new Uri("https://api.example.com/v1"), "big") };
        Assert.Contains("--offline forbids", Assert.Throws<EndpointException>(() => new EndpointChatClient(elsewhere, new EndpointOptions { Offline = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancellationIsCancellation()
    {
        await using var server = await LoopbackServer.StartAsync();
        server.Silence = TimeSpan.FromSeconds(30);
        using var client = Client(server);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        source.CancelAfter(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("hello", cancellationToken: source.Token));
    }

    [Fact]
    public async Task AKnownContextBecomesTheModelsLimits()
    {
        await using var server = await LoopbackServer.StartAsync();
        using var client = new EndpointChatClient(Card(server) with { ContextTokens = 4096 });

        var limits = Assert.IsType<ModelLimits>(client.GetService(typeof(ModelLimits)));

        Assert.Equal(4096, limits.ContextTokens);
        Assert.InRange(limits.CountTokens("The spindle turns at 1200 rpm."), 8, 20);
    }

    private static EndpointChatClient Client(LoopbackServer server, EndpointOptions? options = null, string model = "big") =>
        new(Card(server) with { Endpoint = new ServedElsewhere(server.Url, model) }, options);

    internal static ModelCard Card(LoopbackServer server) => new()
    {
        Id = "mine", Kind = ModelKind.Chat, Architecture = "served elsewhere", Licence = "unknown", Source = "", Endpoint = new ServedElsewhere(server.Url, "big"),
    };
}

using System.IO.Pipelines;
using DomainTuning.Server.Mcp;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DomainTuning.Server.Tests;

/// <summary>The official C# client against both ways in.</summary>
public sealed class McpTests(ServedWorkspace served)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnAgentSearchesAndAsksOverHttp()
    {
        await using var client = await McpClient.CreateAsync(new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(served.Address, "mcp") }), cancellationToken: Cancelled);

        await CheckAsync(client);
    }

    [Fact]
    public async Task AnAgentSearchesAndAsksOverStreams()
    {
        var (toServer, toClient) = (new Pipe(), new Pipe());
        var serving = McpConnection.RunAsync(served.Arms, toServer.Reader.AsStream(), toClient.Writer.AsStream(), Cancelled);
        await using (var client = await McpClient.CreateAsync(new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()), cancellationToken: Cancelled))
            await CheckAsync(client);
        await toServer.Writer.CompleteAsync();

        await serving; // a client that leaves ends the process
    }

    private static async Task CheckAsync(McpClient client)
    {
        var tools = await client.ListToolsAsync(cancellationToken: Cancelled);
        var found = await client.CallToolAsync("search", new Dictionary<string, object?> { ["query"] = "error E17", ["corpus"] = "pumps", ["count"] = 1 }, cancellationToken: Cancelled);
        var answer = await client.CallToolAsync("ask", new Dictionary<string, object?> { ["question"] = "How often must the shaft seal be replaced?", ["corpus"] = "quote@pumps" }, cancellationToken: Cancelled);
        var unknown = await client.CallToolAsync("search", new Dictionary<string, object?> { ["query"] = "x", ["corpus"] = "cars" }, cancellationToken: Cancelled);

        Assert.Equal(["ask", "search"], tools.Select(tool => tool.Name).Order());
        Assert.Contains("px40.txt, page 3", Text(found), StringComparison.Ordinal);
        Assert.Contains("2000 hours", Text(answer), StringComparison.Ordinal);
        Assert.Contains("[1] px40.txt, page 2", Text(answer), StringComparison.Ordinal);
        Assert.True(unknown.IsError);
        Assert.Contains("There is no corpus 'cars'", Text(unknown), StringComparison.Ordinal);
    }

    private static string Text(CallToolResult result) => string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));
}

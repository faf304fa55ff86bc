using DomainTuning.Arms;
using ModelContextProtocol.Protocol;

namespace DomainTuning.Server.Mcp;

/// <summary>The corpora as an MCP server, over HTTP at /mcp or over a pair of streams.</summary>
public static class McpConnection
{
    private const string Instructions =
        "Answers from documents on this machine. 'ask' gives an answer with verbatim quotes and pages, 'search' the passages themselves. Cite the file and page that they name.";

    /// <summary>Serves one client until it closes its side: what a desktop agent starts as a process.</summary>
    /// <param name="input">Usually the process' standard input.</param>
    /// <param name="output">Usually its standard output; nothing else may be written there.</param>
    public static async Task RunAsync(ArmCatalog arms, Stream input, Stream output, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(arms);
        Add(builder.Services).WithStreamServerTransport(input, output);
        using var host = builder.Build();
        await host.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>For /mcp. Each request stands alone, so a client survives a restart of the server.</summary>
    internal static void AddHttp(IServiceCollection services) => Add(services).WithHttpTransport(transport => transport.Stateless = true);

    private static IMcpServerBuilder Add(IServiceCollection services) => services.AddMcpServer(options =>
    {
        options.ServerInfo = new Implementation { Name = "domaintuning", Title = "DomainTuning", Version = typeof(McpConnection).Assembly.GetName().Version!.ToString(3) };
        options.ServerInstructions = Instructions;
    }).WithTools<CorpusTools>();
}

using System.CommandLine;
using DomainTuning.Arms;
using DomainTuning.Server.Mcp;

namespace DomainTuning.Cli.Verbs;

/// <summary>mcp: the corpora as tools of an agent (Model Context Protocol), over standard input and output.</summary>
internal static class McpVerb
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("mcp", "Offer the corpora to an agent as tools (Model Context Protocol), over standard input and output.");
        var flags = new SettingsFlags(command, "corpus", "chatModel", "chatForm", "top", "denseWeight", "reranker", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var arms = new ArmCatalog(flags.Workspace(parsed), flags.Settings(parsed), new ConversionLines(terminal.Error));
            await McpConnection.RunAsync(arms, Console.OpenStandardInput(), Console.OpenStandardOutput(), cancellationToken);
            return CommandLine.Done;
        });
        return command;
    }
}

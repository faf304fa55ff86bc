using System.CommandLine;
using DomainTuning.Corpora;
using DomainTuning.Server;
using DomainTuning.Arms;

namespace DomainTuning.Cli.Verbs;

/// <summary>serve: the chat API and the page, until Ctrl-C.</summary>
internal static class ServeVerb
{
    public static readonly string[] Keys = ["host", "port", "corpus", "index", "chatModel", "chatForm", "chatKeyValues", "top", "denseWeight", "reranker", "threads", "offline", "waitingRequests", "requestsPerMinute", "maxUploadMegabytes", "corsOrigins", "traces"];

    public static Command Create(Terminal terminal)
    {
        var command = new Command("serve", "Serve the chat API (/v1/chat/completions, /v1/models) and the web page.");
        var flags = new SettingsFlags(command, Keys);
        command.SetAction((parsed, cancellationToken) => RunAsync(terminal, flags.Workspace(parsed), flags.Settings(parsed), [], cancellationToken));
        return command;
    }

    /// <param name="examples">Questions to suggest.</param>
    public static async Task<int> RunAsync(
        Terminal terminal, Workspace workspace, Settings settings, IReadOnlyList<string> examples, CancellationToken cancellationToken)
    {
        await using var arms = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
        await using var server = await WebServer.StartAsync(settings, arms, cancellationToken);
        await terminal.Out.WriteLineAsync($"Serving {string.Join(", ", arms.List().Take(8))}");
        await terminal.Out.WriteLineAsync($"Page and API: {server.Address}   (Ctrl-C stops)");
        if (examples.Count > 0)
        {
            await terminal.Out.WriteLineAsync("Try, on the page or with ./domaintuning ask:");
            foreach (var question in examples) await terminal.Out.WriteLineAsync($"  {question}");
        }

        await terminal.Out.FlushAsync(cancellationToken);
        var warmUp = WarmUpAsync(terminal, arms, settings, cancellationToken);
        await server.WaitForShutdownAsync(cancellationToken);
        await warmUp;
        return CommandLine.Done;
    }

    /// <summary>Opens what the first question needs while nobody waits; what goes wrong here is said at once, and again to whoever asks.</summary>
    private static async Task WarmUpAsync(Terminal terminal, ArmCatalog arms, Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var corpus in arms.Corpora) await arms.CorpusAsync(corpus, cancellationToken);
            await arms.ChatClientAsync(settings.ChatModel, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops before the models are open: nothing is lost.
        }
        catch (Exception e) when (CommandLine.IsExpected(e))
        {
            await terminal.Error.WriteLineAsync(e.Message);
        }
    }
}

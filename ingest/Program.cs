using System.CommandLine;
using DomainTuning.Ingest.Reading.Worker;

namespace DomainTuning.Ingest;

/// <summary>The ingest program: <c>ingest manuals/ --corpus pumps</c>. Exit 0 done, 1 a file gave nothing, 2 misused. Also the child that reads PDFs.</summary>
internal static class Program
{
    /// <summary>Long enough to finish the batch at work and close the index after Ctrl-C.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(10);

    private static Task<int> Main(string[] args) => args is [ReadWorker.Argument] ? ReadForParentAsync() : IngestAsync(args);

    /// <summary>Ctrl-C reaches the whole group of processes; the child leaves it to its parent, which closes the line when it is done.</summary>
    private static async Task<int> ReadForParentAsync()
    {
        Console.CancelKeyPress += (_, key) => key.Cancel = true;
        await ReadWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput(), CancellationToken.None);
        return 0;
    }

    private static async Task<int> IngestAsync(string[] args)
    {
        if (args is [ReadWorker.Argument])
        {
            await ReadWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput(), CancellationToken.None);
            return 0;
        }

        Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var verb = IngestCommand.Create();
        var root = new RootCommand(verb.Description!) { Action = verb.Action };
        foreach (var argument in verb.Arguments) root.Add(argument);
        foreach (var option in verb.Options) root.Add(option);
        var parsed = root.Parse(args);
        var exit = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Goodbye });
        return parsed.Errors.Count > 0 ? 2 : exit;
    }
}

using DomainTuning.Cli;
using DomainTuning.Ingest.Reading.Worker;

// The child process that parses hostile documents is this same program: see ingest/Reading/Worker.
if (args is [ReadWorker.Argument])
{
    await ReadWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput(), CancellationToken.None);
    return CommandLine.Done;
}

Console.OutputEncoding = System.Text.Encoding.UTF8;
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    // The first Ctrl-C ends the work cleanly; the second one ends the process.
    press.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
return await CommandLine.RunAsync(args, Console.Out, Console.Error, stop.Token);

using System.Runtime.InteropServices;

namespace DomainTuning.Trainer.Runs;

/// <summary>What ends a training early, saved: Ctrl-C, a request to terminate, and, for a process that another one started, the end of its standard input.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int signals;

    /// <param name="attached">Standard input is held open by the process that wants the training.</param>
    public StopSignals(bool attached)
    {
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
        if (attached) _ = Task.Run(WatchInputAsync);
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        // The first one ends the work cleanly; the second one ends the process.
        context.Cancel = Interlocked.Increment(ref signals) == 1;
        source.Cancel();
    }

    private async Task WatchInputAsync()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (await input.ReadAsync(buffer).ConfigureAwait(false) > 0)
        {
        }

        await source.CancelAsync().ConfigureAwait(false);
    }
}

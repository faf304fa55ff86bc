using DomainTuning.Training;

namespace DomainTuning.Cli.Verbs;

/// <summary>train --watch: what another process' training says, from its record, until it ends or the watcher has seen enough.</summary>
internal static class TrainingWatch
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public static async Task<int> RunAsync(Terminal terminal, TrainingFolder run, CancellationToken cancellationToken)
    {
        var last = await terminal.TrainingAsync(progress => FollowAsync(run, progress, cancellationToken));
        await terminal.Out.WriteLineAsync($"{run.Name}: {last.Message}");
        return last.Event == TrainingEvent.Finished ? CommandLine.Done : CommandLine.Failed;
    }

    /// <summary>Tells the last of what was said before, then everything that comes, up to the end.</summary>
    private static async Task<TrainingProgress> FollowAsync(TrainingFolder run, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        while (!File.Exists(run.Progress)) await Task.Delay(Look, cancellationToken);
        if (run.Last() is { } before) progress.Report(before);
        if (run.Last() is { Event: TrainingEvent.Finished or TrainingEvent.Failed } end) return end;
        using var stream = new FileStream(run.Progress, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        stream.Seek(0, SeekOrigin.End);
        var rest = "";
        while (true)
        {
            rest += await reader.ReadToEndAsync(cancellationToken);
            for (int line; (line = rest.IndexOf('\n', StringComparison.Ordinal)) >= 0; rest = rest[(line + 1)..])
            {
                if (TrainingJson.TryReadProgress(rest[..line]) is not { } told) continue;
                progress.Report(told);
                if (told.Event is TrainingEvent.Finished or TrainingEvent.Failed) return told;
            }

            await Task.Delay(Look, cancellationToken);
        }
    }
}

using Spectre.Console;

namespace DomainTuning.Cli;

/// <summary>How far a transfer has come.</summary>
internal readonly record struct TransferProgress(string Name, long Bytes, long TotalBytes);

/// <summary>Shows a transfer as a bar with speed and time left on a terminal, and as one line a file in a pipe.</summary>
internal static class TransferBar
{
    public static async Task<T> WithProgressAsync<T>(this Terminal terminal, string verb, Func<IProgress<TransferProgress>, Task<T>> work)
    {
        if (!terminal.Tables.Profile.Capabilities.Interactive) return await work(new Lines(terminal.Error, verb));
        return await terminal.Tables.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context.AddTask(verb, autoStart: true))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            task.Description = Markup.Escape(value.Name);
            task.MaxValue = value.TotalBytes;
            task.Value = value.Bytes;
        }
    }

    private sealed class Lines(TextWriter error, string verb) : IProgress<TransferProgress>
    {
        private string? file;

        public void Report(TransferProgress value)
        {
            if (Interlocked.Exchange(ref file, value.Name) == value.Name) return;
            error.WriteLine($"{verb} {value.Name} …");
        }
    }
}

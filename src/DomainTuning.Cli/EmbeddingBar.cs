using System.Globalization;
using DomainTuning.Evaluator.Beir;
using Spectre.Console;

namespace DomainTuning.Cli;

/// <summary>Shows the embedding of a retrieval set as a bar with time left on a terminal, and as a line now and then in a pipe.</summary>
internal static class EmbeddingBar
{
    public static async Task<T> EmbeddingAsync<T>(this Terminal terminal, string name, Func<IProgress<BeirProgress>, Task<T>> work)
    {
        if (!terminal.Tables.Profile.Capabilities.Interactive) return await work(new Lines(terminal.Error, name));
        return await terminal.Tables.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context.AddTask(Markup.Escape($"embedding {name}"), autoStart: true))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<BeirProgress>
    {
        public void Report(BeirProgress value)
        {
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }

    /// <summary>At most one line a tenth of the set, none where all was stored before.</summary>
    private sealed class Lines(TextWriter error, string name) : IProgress<BeirProgress>
    {
        private int shown;

        public void Report(BeirProgress value)
        {
            var tenth = 10 * value.Done / Math.Max(1, value.Total);
            if (value.Embedded == 0 || tenth == shown) return;
            shown = tenth;
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"embedding {name}: {value.Done} of {value.Total} passages, {value.TimeLeft?.TotalSeconds ?? 0:0} s left"));
        }
    }
}

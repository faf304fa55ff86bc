using DomainTuning.Onnx.Graphs;
using Spectre.Console;

namespace DomainTuning.Cli;

/// <summary>Shows a conversion as a bar on a terminal, and as one line a stage in a pipe.</summary>
internal static class ConversionBar
{
    public static async Task<T> WithConversionAsync<T>(this Terminal terminal, Func<IProgress<ConversionProgress>, Task<T>> work)
    {
        if (!terminal.Tables.Profile.Capabilities.Interactive) return await work(new ConversionLines(terminal.Error));
        return await terminal.Tables.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context.AddTask("reading", autoStart: true))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            task.Description = Markup.Escape(value.Stage);
            task.Value = 100 * value.Fraction;
        }
    }
}

using Spectre.Console;

namespace DomainTuning.Ingest.Output;

/// <summary>Progress on a terminal: one bar with the file at work, the rate and the time left.</summary>
internal sealed class LiveProgress(ProgressTask bar) : IProgress<IngestProgress>
{
    /// <summary>Runs <paramref name="work"/> under the bar, which is gone when it ends.</summary>
    public static Task<IngestReport> ShowAsync(IAnsiConsole console, Func<IProgress<IngestProgress>, Task<IngestReport>> work) =>
        console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(context => work(new LiveProgress(context.AddTask("Looking for files", maxValue: 1))));

    public void Report(IngestProgress value)
    {
        bar.Value = value.Share;
        var file = value.File is null ? "" : $" · {Shortened(value.File)}";
        bar.Description = Markup.Escape(value.Chunks == 0 ? $"{value.FilesDone} of {value.Files} files{file}" : $"{PlainProgress.Pace(value)}{file}");
    }

    /// <summary>The end of a path tells more than its beginning.</summary>
    private static string Shortened(string path)
    {
        var clean = Reading.Wording.OneLine(path);
        return clean.Length <= 32 ? clean : "…" + clean[^31..];
    }
}

using DomainTuning.Endpoints;
using DomainTuning.Checkpoints;
using DomainTuning.Indexing;
using DomainTuning.Ingest.Output;
using DomainTuning.Onnx;
using Spectre.Console;

namespace DomainTuning.Ingest;

/// <summary>
/// A run with its surroundings: opens index and embedder, shows progress (a bar on a terminal, lines in a pipe, nothing with JSON) and prints the
/// report. Both the ingest program and the command line's verbs end here.
/// </summary>
public static class IngestConsole
{
    /// <summary>Wide enough that a log line is not wrapped.</summary>
    private const int PipeWidth = 160;

    /// <returns>The report; its exit code is the program's.</returns>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public static Task<IngestReport> RunAsync(
        IngestOptions options, TextWriter output, TextWriter error, bool json, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(options, IngestParts.OpenAsync, output, error, json, time, cancellationToken);

    internal static async Task<IngestReport> RunAsync(
        IngestOptions options,
        Func<IngestOptions, CancellationToken, Task<IngestParts>> open,
        TextWriter output, TextWriter error, bool json, TimeProvider time, CancellationToken cancellationToken)
    {
        options.Validate();
        var console = ConsoleOn(output);
        IngestReport report;
        try
        {
            await using var parts = await open(options, cancellationToken);
            if (!json) await output.WriteLineAsync($"Corpus {parts.Index.Manifest.Corpus}, embedder {parts.Embedder.Identity}{(parts.EmbedderCameFrom is { } source ? $" ({source})" : "")}.");
            report = await ShowAsync(progress => IngestRun.RunAsync(options, parts.Index, parts.Embedder, progress, time, cancellationToken));
        }
        catch (Exception e) when (e is IndexException or ModelException or EndpointException or CheckpointException or IOException or UnauthorizedAccessException)
        {
            report = new IngestReport { Corpus = options.Corpus, Stopped = e.Message };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report = new IngestReport { Corpus = options.Corpus, Stopped = "Stopped on request, before anything was read." };
        }

        if (json)
        {
            await output.WriteLineAsync(ReportJson.Write(report));
        }
        else
        {
            ReportTable.Write(report, console);
            if (report.Stopped is { } stopped) await error.WriteLineAsync(stopped);
        }

        return report;

        Task<IngestReport> ShowAsync(Func<IProgress<IngestProgress>, Task<IngestReport>> run) =>
            json ? run(new Silence())
            : console.Profile.Capabilities.Interactive ? LiveProgress.ShowAsync(console, run)
            : run(new PlainProgress(output, time));
    }

    private static IAnsiConsole ConsoleOn(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = PipeWidth;
        return console;
    }

    private sealed class Silence : IProgress<IngestProgress>
    {
        public void Report(IngestProgress value)
        {
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Runs;

/// <summary>How a trainer's process ended.</summary>
/// <param name="Last">Its last word, if it said any.</param>
/// <param name="Problem">Why it did not finish; null when it did.</param>
internal sealed record TrainerEnd(TrainingProgress? Last, string? Problem);

/// <summary>
/// The trainer at work: a process that tells what it does in JSON lines. It is asked to stop by the end of its standard input, which also comes when this
/// process dies, and then saves before it ends.
/// </summary>
internal static class TrainerProcess
{
    /// <summary>A step of a large model on a small machine takes this long at most, and then a save.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>Lines of its errors that are shown where it said nothing else.</summary>
    private const int ShownErrors = 5;

    public static async Task<TrainerEnd> RunAsync(TrainerProgram program, TrainingFolder folder, bool resume, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        using var process = Start(program, [folder.Path, "--attached", .. resume ? new[] { "--resume" } : []]);
        using var stop = cancellationToken.Register(() => Close(process));
        var errors = new Queue<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (errors)
            {
                errors.Enqueue(line.Data);
                if (errors.Count > ShownErrors) errors.Dequeue();
            }
        };
        process.BeginErrorReadLine();
        TrainingProgress? last = null;
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
        {
            if (TrainingJson.TryReadProgress(line) is not { } told) continue;
            last = told;
            progress.Report(told);
        }

        if (!process.WaitForExit(Grace)) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false); // also for what it wrote as errors
        if (process.ExitCode == 0 && last?.Event == TrainingEvent.Finished) return new TrainerEnd(last, null);
        lock (errors) return new TrainerEnd(last, last is { Event: TrainingEvent.Failed, Message: { } said } ? said : Silent(process.ExitCode, errors, folder));
    }

    /// <summary>What the trainer says of itself on this machine: what loads and how it will compute, or what does not load and the remedy.</summary>
    public static async Task<(bool Usable, string Text)> CheckAsync(TrainerProgram program, CancellationToken cancellationToken)
    {
        using var process = Start(program, "--check");
        process.BeginErrorReadLine();
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return (process.ExitCode == 0, text.Trim());
    }

    private static Process Start(TrainerProgram program, params string[] arguments)
    {
        // A program of its own, or an assembly for dotnet.
        string[] command = program.Path.EndsWith(".dll", StringComparison.Ordinal) ? [Host(), program.Path] : [program.Path];
        var start = new ProcessStartInfo(command[0], [.. command[1..], .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
            UseShellExecute = false,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new TrainingRunException($"The trainer cannot be started with '{start.FileName}': {error.Message} Put the .NET 10 `dotnet` on the PATH.");
        }
    }

    private static string Host() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    private static void Close(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private static string Silent(int exitCode, IEnumerable<string> errors, TrainingFolder folder)
    {
        var resume = $"`domaintuning train --resume {folder.Name}` goes on from what was saved.";
        if (exitCode is 137 or -9) return $"The trainer was killed, most likely because the memory was not enough: lower schedule.max_tokens or set schedule.gradient_checkpointing. {resume}";
        var shown = string.Join(" | ", errors);
        return string.Create(CultureInfo.InvariantCulture, $"The trainer ended with exit code {exitCode} before it said why{(shown.Length == 0 ? "" : $": {shown}")}. {resume}");
    }
}

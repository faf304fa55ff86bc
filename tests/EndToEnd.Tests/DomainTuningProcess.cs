using System.Diagnostics;

namespace EndToEnd.Tests;

/// <summary>What a run of the program printed and how it ended.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>
/// Runs `domaintuning` as a user does: another process, its own working folder. Where the system can (Linux with the right to make a network namespace)
/// the process has no network at all, not even loopback.
/// </summary>
public static class DomainTuningProcess
{
    private static readonly Lazy<bool> Isolated = new(() => OperatingSystem.IsLinux() && Succeeds("unshare", "--net", "true"));

    /// <summary>Whether the network is denied to what <see cref="RunAsync"/> starts.</summary>
    public static bool NetworkIsDenied => Isolated.Value;

    public static async Task<ProcessResult> RunAsync(string folder, IEnumerable<string> args, CancellationToken cancellationToken, TimeSpan? killAfter = null)
    {
        using var process = Start(folder, args);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        if (killAfter is { } patience)
        {
            await Task.WhenAny(process.WaitForExitAsync(cancellationToken), Task.Delay(patience, cancellationToken));
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync(cancellationToken);
        return new ProcessResult(process.ExitCode, await output, await error);
    }

    private static Process Start(string folder, IEnumerable<string> args)
    {
        string[] program = ["dotnet", Path.Combine(AppContext.BaseDirectory, "domaintuning.dll")];
        string[] command = NetworkIsDenied ? ["unshare", "--net", .. program] : program;
        var start = new ProcessStartInfo(command[0], [.. command[1..], .. args])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        foreach (var variable in start.Environment.Keys.Where(name => name.StartsWith("DOMAINTUNING_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(variable);
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static bool Succeeds(string program, params string[] args)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Ingest.Reading.Worker;

/// <summary>One child process and the line to it. Not thread-safe: one file at a time.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int KeptErrorCharacters = 4000;
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task _errorsRead;

    private WorkerProcess(Process process)
    {
        _process = process;
        _errorsRead = KeepErrorsAsync();
    }

    public static WorkerProcess Start(PdfReadOptions options)
    {
        var assembly = typeof(WorkerProcess).Assembly.Location;
        if (assembly.Length == 0) assembly = Path.Combine(AppContext.BaseDirectory, "ingest.dll");
        if (!File.Exists(assembly) || !File.Exists(Path.ChangeExtension(assembly, ".runtimeconfig.json")))
            throw new InvalidOperationException($"PDFs are read in a child process that needs ingest.dll and ingest.runtimeconfig.json in {Path.GetDirectoryName(assembly)}; one is missing. Publish without single-file mode, or rebuild.");

        var start = new ProcessStartInfo(Muxer(), [assembly, ReadWorker.Argument])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = options.HeapLimitBytes.ToString("X", CultureInfo.InvariantCulture); // hexadecimal by definition
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"The child process for reading PDFs did not start ({start.FileName} {assembly}).");
        if (options.LowPriority) TryLowerPriority(process);
        return new WorkerProcess(process);
    }

    /// <summary>Sends the file and waits for the result.</summary>
    /// <exception cref="IOException">The child died or answered nonsense. <see cref="LastWords"/> may say why.</exception>
    public async Task<ReadResult> ReadAsync(SourceFile file, CancellationToken cancellationToken)
    {
        try
        {
            await MessageFrame.WriteAsync(_process.StandardInput.BaseStream, JsonSerializer.SerializeToUtf8Bytes(file, WorkerJson.Default.SourceFile), cancellationToken).ConfigureAwait(false);
            var answer = await MessageFrame.ReadAsync(_process.StandardOutput.BaseStream, MessageFrame.MaxResponseBytes, cancellationToken).ConfigureAwait(false)
                ?? throw new EndOfStreamException("The child process ended without an answer.");
            return JsonSerializer.Deserialize(answer, WorkerJson.Default.ReadResult) ?? throw new InvalidDataException("The child process answered null.");
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or ObjectDisposedException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>What a dying child printed, read to its end.</summary>
    public async Task<string> LastWords()
    {
        Kill();
        await Task.WhenAny(_errorsRead, Task.Delay(TimeSpan.FromSeconds(2))).ConfigureAwait(false);
        lock (_errors) return _errors.ToString();
    }

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close(); // a healthy child leaves by itself
            if (!_process.WaitForExit(TimeSpan.FromMilliseconds(500))) Kill();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            Kill();
        }

        _process.Dispose();
    }

    public void Kill()
    {
        try
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            // It ended by itself in between.
        }
    }

    private async Task KeepErrorsAsync()
    {
        var buffer = new char[1024];
        int read;
        while ((read = await _process.StandardError.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            lock (_errors)
                if (_errors.Length < KeptErrorCharacters)
                    _errors.Append(buffer, 0, read);
    }

    /// <summary>The dotnet that runs this process, even when an apphost started it.</summary>
    private static string Muxer()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.ProcessPath is { } path && Path.GetFileName(path).Equals(name, StringComparison.OrdinalIgnoreCase)) return path;
        // shared/Microsoft.NETCore.App/10.0.x/ lies three folders below it.
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        if (File.Exists(beside)) return beside;
        return Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host) ? host : name;
    }

    private static void TryLowerPriority(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or PlatformNotSupportedException)
        {
            // A wish, not a need.
        }
    }
}

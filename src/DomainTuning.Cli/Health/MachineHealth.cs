using System.Globalization;
using System.Runtime.InteropServices;
using DomainTuning.Corpora;
using DomainTuning.Onnx.Graphs;
using Microsoft.Data.Sqlite;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Cli.Health;

/// <summary>The machine and the native libraries: what the processor can do, what room there is, whether everything loads.</summary>
internal static class MachineHealth
{
    /// <summary>Default models, converter and a corpus of a few hundred pages stay under it.</summary>
    private const long ComfortableMemory = 2L << 30;

    private const long ComfortableDisk = 1L << 30;

    public static IEnumerable<HealthCheck> Look(Workspace workspace)
    {
        yield return HealthCheck.Ok("system", $"{RuntimeInformation.OSDescription}, .NET {Environment.Version}, {RuntimeInformation.ProcessArchitecture}");
        yield return HealthCheck.Ok("processor", $"{Environment.ProcessorCount} threads, {CpuFeatures.This}");
        yield return Memory();
        yield return Disk(workspace);
        yield return Native("onnxruntime", () => OrtEnv.Instance().GetVersionString());
        yield return Native("sqlite", SqliteVersion);
    }

    private static HealthCheck Memory()
    {
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return bytes >= ComfortableMemory
            ? HealthCheck.Ok("memory", Gigabytes(bytes))
            : HealthCheck.Warning("memory", $"{Gigabytes(bytes)}; {Gigabytes(ComfortableMemory)} are comfortable for the default models.");
    }

    private static HealthCheck Disk(Workspace workspace)
    {
        var bytes = new DriveInfo(Path.GetFullPath(workspace.Root)).AvailableFreeSpace;
        return bytes >= ComfortableDisk
            ? HealthCheck.Ok("disk", $"{Gigabytes(bytes)} free at {workspace.Root}")
            : HealthCheck.Warning("disk", $"{Gigabytes(bytes)} free at {workspace.Root}; an index and a converted model need up to {Gigabytes(ComfortableDisk)}.");
    }

    private static HealthCheck Native(string library, Func<string> version)
    {
        try
        {
            return HealthCheck.Ok(library, version());
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            var cause = e.InnerException ?? e;
            return HealthCheck.Failed(library, $"does not load: {cause.Message} Build again for {RuntimeInformation.RuntimeIdentifier} with `dotnet build -c Release`.");
        }
    }

    private static string SqliteVersion()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return connection.ServerVersion;
    }

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}

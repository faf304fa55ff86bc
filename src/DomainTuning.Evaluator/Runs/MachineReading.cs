using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DomainTuning.Evaluator.Runs;

/// <summary>Reads what this machine is.</summary>
internal static class MachineReading
{
    private const double Gigabyte = 1 << 30;

    public static MachineFacts Read()
    {
        using var process = Process.GetCurrentProcess();
        return new MachineFacts(
            Processor(), Environment.ProcessorCount, Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gigabyte, 1), RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription, Math.Round(process.PeakWorkingSet64 / Gigabyte, 2));
    }

    private static string Processor()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}

using System.Runtime.InteropServices;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Bench;

/// <summary>Which machine a number belongs to.</summary>
internal static class Machine
{
    /// <summary>Folder name under bench/results: what decides speed here.</summary>
    public static string Name { get; } =
        $"{RuntimeInformation.ProcessArchitecture}-{CpuFeatures.This.ToString().Replace(' ', '-').Replace(",", "", StringComparison.Ordinal)}-{Environment.ProcessorCount}-threads".ToLowerInvariant();

    /// <summary>Memory of this process now.</summary>
    public static double ResidentMegabytes()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64 / 1e6;
    }

    public static string Description { get; } =
        $"{Environment.ProcessorCount} threads, {CpuFeatures.This}, {RuntimeInformation.OSDescription}, .NET {Environment.Version}";
}

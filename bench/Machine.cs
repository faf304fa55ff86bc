using System.Runtime.InteropServices;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Bench;

/// <summary>Which machine a number belongs to.</summary>
internal static class Machine
{
    /// <summary>Folder name under bench/results: what decides speed here.</summary>
    public static string Name { get; } =
        $"{RuntimeInformation.ProcessArchitecture}-{CpuFeatures.This.ToString().Replace(' ', '-').Replace(",", "", StringComparison.Ordinal)}-{Environment.ProcessorCount}-threads".ToLowerInvariant();

    public static string Description { get; } =
        $"{Environment.ProcessorCount} threads, {CpuFeatures.This}, {RuntimeInformation.OSDescription}, .NET {Environment.Version}";
}

using System.Globalization;

namespace DomainTuning.Onnx.Encoders;

/// <summary>How many cores there are to compute on.</summary>
internal static class PhysicalCores
{
    /// <summary>Physical cores on Linux, never more than the processors that a container allows; elsewhere 0, by which ONNX Runtime counts them itself.</summary>
    public static int Count { get; } = OperatingSystem.IsLinux() ? Math.Min(Linux(), Environment.ProcessorCount) : 0;

    private static int Linux()
    {
        try
        {
            var siblings = Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*")
                .Where(folder => int.TryParse(Path.GetFileName(folder).AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(folder => Path.Combine(folder, "topology", "thread_siblings_list"))
                .Where(File.Exists)
                .Select(File.ReadAllText)
                .Distinct(StringComparer.Ordinal)
                .Count();
            return siblings > 0 ? siblings : Environment.ProcessorCount;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Environment.ProcessorCount; // a sandbox without /sys
        }
    }
}

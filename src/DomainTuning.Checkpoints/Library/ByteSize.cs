using System.Globalization;

namespace DomainTuning.Checkpoints.Library;

/// <summary>Bytes for people, in powers of ten as disks and the hub count: "98.4 MB".</summary>
internal static class ByteSize
{
    public static string Show(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} bytes",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB"),
    };
}

namespace DomainTuning.Bench;

/// <summary>The checkout that this program was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "DomainTuning.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No DomainTuning.sln above {AppContext.BaseDirectory}. Run the benchmarks from a checkout.");
    }
}

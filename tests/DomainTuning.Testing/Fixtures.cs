namespace DomainTuning.Testing;

/// <summary>Where test data lies: the repository's own fixtures, models and corpus, and the workplace's shared folder when it is there.</summary>
public static class Fixtures
{
    /// <summary>The repository's root: the nearest folder above the test that holds DomainTuning.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder under tests/fixtures.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, "tests", "fixtures", .. parts]);

    public static string Model(string id) => System.IO.Path.Combine(Root, "models", id);

    public static string Corpus(string name) => System.IO.Path.Combine(Root, "corpora", name, "documents");

    /// <summary>A file or folder under ../shared; the test is skipped, saying so, where that is absent.</summary>
    public static string Shared(params string[] parts)
    {
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine([Root, "..", "shared", .. parts]));
        if (!File.Exists(path) && !Directory.Exists(path)) Xunit.Assert.Skip($"Needs {path}, which is not on this machine.");
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "DomainTuning.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No DomainTuning.sln above {AppContext.BaseDirectory}. Run the tests from a checkout.");
    }
}

namespace DomainTuning.Ingest.Tests;

public sealed class SourceScanTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void FoldersAreWalkedInOrderAndHiddenFilesPassedBy()
    {
        Write("m/b.md");
        Write("m/a/deep/er/c.md");
        Write("m/.git/config");
        Write("m/.DS_Store");
        Write("m/~$open.docx");

        var scan = Scan(folder["m"]);

        Assert.Equal(["a/deep/er/c.md", "b.md"], Paths(scan));
        Assert.Empty(scan.Problems);
    }

    [Fact]
    public void AFileIsFoundOnceHoweverOftenItIsGiven()
    {
        Write("m/sub/x.md");

        Assert.Equal(["sub/x.md"], Paths(Scan(folder["m"], folder["m/sub"], folder["m/sub/x.md"], folder["m"])));
        Assert.Equal(["x.md"], Paths(Scan(folder["m/sub/x.md"], folder["m"])));
    }

    [Fact]
    public void DifferentFilesUnderOnePathAreKeptApartByTheirFoldersName()
    {
        Write("2023/x.md");
        Write("2024/x.md");
        Write("old/2024/x.md");

        var scan = Scan(folder["2023"], folder["2024"], folder["old/2024"]);

        Assert.Equal(["x.md", "2024/x.md"], Paths(scan));
        Assert.Equal(FileVerdict.Unreadable, Assert.Single(scan.Problems).Verdict);
    }

    [Fact]
    public void MissingAndEmptyInputsAreProblems()
    {
        Directory.CreateDirectory(folder["empty"]);

        var scan = Scan(folder["empty"], folder["nowhere.pdf"]);

        Assert.Equal([FileVerdict.Empty, FileVerdict.Missing], scan.Problems.Select(problem => problem.Verdict));
    }

    [Fact]
    public void NamesAreStoredInUnicodeFormC()
    {
        Write("m/Gro\u0308\u00DFe.md");

        Assert.Equal(["Gr\u00F6\u00DFe.md"], Paths(Scan(folder["m"])));
    }

    [Fact]
    public void LinksAreFollowedButNotInCirclesNorTwice()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating links needs a privilege on Windows.");
        Write("m/a.md");
        Write("elsewhere/b.md");
        Directory.CreateSymbolicLink(folder["m/circle"], folder["m"]);
        Directory.CreateSymbolicLink(folder["m/linked"], folder["elsewhere"]);
        File.CreateSymbolicLink(folder["m/same.md"], folder["m/a.md"]);
        File.CreateSymbolicLink(folder["m/dangling.md"], folder["m/nothing.md"]);

        var scan = Scan(folder["m"]);

        Assert.Equal(["a.md", "linked/b.md"], Paths(scan));
        Assert.Equal(["dangling.md"], scan.Problems.Select(problem => problem.Path));
    }

    private static SourceScan Scan(params string[] inputs) => SourceScan.Of(inputs, TestContext.Current.CancellationToken);

    private static string[] Paths(SourceScan scan) => [.. scan.Files.Select(file => file.RelativePath)];

    private void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[path])!);
        File.WriteAllText(folder[path], path);
    }
}

using System.Text;

namespace DomainTuning.Ingest;

/// <summary>A file to ingest.</summary>
/// <param name="RelativePath">Its path inside the corpus, with slashes, in Unicode form C so that an index moves between systems.</param>
/// <param name="Length">In bytes.</param>
/// <param name="WasNamed">Given by itself, not found in a folder.</param>
public sealed record FoundFile(string FullPath, string RelativePath, long Length, bool WasNamed);

/// <summary>
/// The files behind the inputs. Folders are walked to the bottom, links are followed but never in circles, hidden files are passed by, and each
/// file is found once. Where two inputs hold different files under one path, the later file goes under its folder's name as well.
/// </summary>
public sealed class SourceScan
{
    /// <summary>Deeper than any archive that people keep; a bound for links that get around the circle check.</summary>
    private const int MaxDepth = 64;

    private readonly List<FoundFile> files = [];
    private readonly List<FileReport> problems = [];
    private readonly HashSet<string> paths = new(StringComparer.Ordinal);
    private readonly HashSet<string> realFiles = new(StringComparer.Ordinal);

    private SourceScan()
    {
    }

    public IReadOnlyList<FoundFile> Files => files;

    /// <summary>Inputs and folders that could not be read, with their verdicts.</summary>
    public IReadOnlyList<FileReport> Problems => problems;

    public static SourceScan Of(IReadOnlyList<string> inputs, CancellationToken cancellationToken = default)
    {
        var scan = new SourceScan();
        foreach (var input in inputs) scan.Add(input, cancellationToken);
        return scan;
    }

    private void Add(string input, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(input);
        if (File.Exists(full))
        {
            AddFile(new FileInfo(full), Path.GetFileName(full), Path.GetFileName(Path.GetDirectoryName(full)) ?? "", wasNamed: true);
        }
        else if (Directory.Exists(full))
        {
            var before = (Files: paths.Count, Problems: problems.Count);
            Walk(new DirectoryInfo(full), "", new DirectoryInfo(full).Name, new HashSet<string>(StringComparer.Ordinal), 0, cancellationToken);
            if (before == (paths.Count, problems.Count)) Fail(input, FileVerdict.Empty, "There are no files in the folder. Check the path; hidden files do not count.");
        }
        else
        {
            Fail(input, FileVerdict.Missing, "There is no such file or folder. Check the path.");
        }
    }

    private void Walk(DirectoryInfo folder, string prefix, string inputName, HashSet<string> visited, int depth, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!visited.Add(RealPath(folder))) return;
        if (depth > MaxDepth)
        {
            Fail(prefix, FileVerdict.Unreadable, $"The folder lies more than {MaxDepth} levels deep. Give it as an input of its own.");
            return;
        }

        foreach (var entry in Entries(folder, prefix))
        {
            if (IsHidden(entry)) continue;
            var path = prefix.Length == 0 ? entry.Name : $"{prefix}/{entry.Name}";
            if (entry is DirectoryInfo inner) Walk(inner, path, inputName, visited, depth + 1, cancellationToken);
            else AddFile((FileInfo)entry, path, inputName, wasNamed: false);
        }
    }

    private List<FileSystemInfo> Entries(DirectoryInfo folder, string prefix)
    {
        try
        {
            return [.. folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(prefix.Length == 0 ? folder.FullName : prefix, FileVerdict.Unreadable, $"The folder cannot be opened: {e.Message}");
            return [];
        }
    }

    private void AddFile(FileInfo file, string path, string inputName, bool wasNamed)
    {
        var relative = Normalized(path);
        var real = new FileInfo(RealPath(file));
        if (!real.Exists)
        {
            Fail(relative, FileVerdict.Missing, "The link points to nothing.");
            return;
        }

        if (!realFiles.Add(real.FullName)) return;
        if (!paths.Add(relative))
        {
            var taken = relative;
            relative = $"{Normalized(inputName)}/{relative}";
            if (!paths.Add(relative))
            {
                Fail(relative, FileVerdict.Unreadable, $"Two other inputs hold '{taken}' already. Ingest the folder that holds them all, so that their paths differ.");
                return;
            }
        }

        files.Add(new FoundFile(file.FullName, relative, real.Length, wasNamed));
    }

    private void Fail(string path, FileVerdict verdict, string message) =>
        problems.Add(new FileReport { Path = path, Verdict = verdict, Message = message });

    /// <summary>Where a link leads in the end; a link in a circle leads to itself.</summary>
    private static string RealPath(FileSystemInfo entry)
    {
        try
        {
            return (entry.ResolveLinkTarget(returnFinalTarget: true) ?? entry).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return entry.FullName;
        }
    }

    /// <summary>"~$" files are the locks of an open Office document.</summary>
    private static bool IsHidden(FileSystemInfo entry) =>
        entry.Name.StartsWith('.') || entry.Name.StartsWith("~$", StringComparison.Ordinal) || (entry.Attributes & (FileAttributes.Hidden | FileAttributes.System)) != 0;

    private static string Normalized(string path)
    {
        try
        {
            return path.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            // A name that is not valid Unicode: shown with U+FFFD, opened by its own name.
            return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(path));
        }
    }
}

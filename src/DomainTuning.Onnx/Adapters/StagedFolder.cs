using DomainTuning.Adapters;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// A folder that is being made: it lies beside its place under a name with a dot in front, which nothing lists, and takes its name by one move. A kill
/// leaves that folder at most, which the next try removes.
/// </summary>
internal sealed class StagedFolder : IDisposable
{
    private readonly string target;

    /// <param name="target">Where the result will lie: must not exist.</param>
    public StagedFolder(string target)
    {
        this.target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        if (Directory.Exists(this.target) || File.Exists(this.target)) throw new AdapterException($"'{this.target}' exists already. Choose another name, or remove it first.");
        Path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(this.target)!, $".{System.IO.Path.GetFileName(this.target)}.new");
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The folder takes its place.</summary>
    public void Commit() => Directory.Move(Path, target);

    /// <summary>A file of the folder takes the place instead, after another that lies beside it.</summary>
    /// <param name="beside">A file of the folder, and its name beside the target.</param>
    public void CommitFile(string name, (string Name, string Target) beside)
    {
        File.Move(this[beside.Name], beside.Target, overwrite: true);
        File.Move(this[name], target);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}

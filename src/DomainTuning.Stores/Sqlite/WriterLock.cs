using DomainTuning.Indexing;

namespace DomainTuning.Stores.Sqlite;

/// <summary>
/// One writer an index, on every system: a file beside the index, held open without sharing. The operating system lets go of it when the process ends, however it ends,
/// so a kill leaves no stale lock. The file itself stays: deleting it would let two writers hold two files of the same name.
/// </summary>
internal sealed class WriterLock : IDisposable
{
    private readonly FileStream held;

    private WriterLock(FileStream held) => this.held = held;

    /// <param name="holder">Names who writes now, as far as is known.</param>
    /// <exception cref="IndexException">Another process writes, or the folder cannot be written.</exception>
    public static WriterLock Take(string file, Func<string?> holder)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            return new WriterLock(new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IndexException($"Index '{file}' cannot be written: {denied.Message} Give this user the right to write there, or use another workspace.", denied);
        }
        catch (IOException taken) when (File.Exists(file + ".lock"))
        {
            throw new IndexException($"Index '{file}' is being written by {holder() ?? "another process"}. Wait until it has ended, or stop it; reading goes on meanwhile.", taken);
        }
    }

    public void Dispose() => held.Dispose();
}

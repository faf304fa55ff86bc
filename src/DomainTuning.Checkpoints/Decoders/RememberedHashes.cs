using System.Security.Cryptography;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// SHA-256 of files, remembered in a file beside what they are for, so that gigabytes are hashed once and not at every start: as long as path, length
/// and time of the last change are the same, so is the hash. Two processes that write it at once lose an entry at most.
/// </summary>
/// <param name="path">The JSON file that remembers.</param>
internal sealed class RememberedHashes(string path)
{
    /// <summary>Lower-case hex SHA-256 of a file.</summary>
    public string Sha256(string file, CancellationToken cancellationToken)
    {
        var info = new FileInfo(file);
        var entries = Read();
        if (entries.TryGetValue(info.FullName, out var entry) && entry.Length == info.Length && entry.ChangedUtc == info.LastWriteTimeUtc) return entry.Sha256;
        var hash = Hash(file, cancellationToken);
        entries[info.FullName] = new Entry(info.Length, info.LastWriteTimeUtc, hash);
        Write(entries);
        return hash;
    }

    /// <summary>One hash over several files, by name and content.</summary>
    public string Sha256(IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        if (files.Count == 1) return Sha256(files[0], cancellationToken);
        var lines = string.Concat(files.Select(file => $"{Path.GetFileName(file)} {Sha256(file, cancellationToken)}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(lines)));
    }

    /// <summary>Takes over what is known of a file that was moved.</summary>
    public void Remember(string file, string sha256)
    {
        var info = new FileInfo(file);
        var entries = Read();
        entries[info.FullName] = new Entry(info.Length, info.LastWriteTimeUtc, sha256);
        Write(entries);
    }

    public static string Hash(string file, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private Dictionary<string, Entry> Read()
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, Entry>>(File.ReadAllText(path)) ?? [];
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            return []; // nothing is remembered yet, or no longer
        }
    }

    private void Write(Dictionary<string, Entry> entries)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(temporary, JsonSerializer.Serialize(entries.Where(entry => File.Exists(entry.Key)).ToDictionary()));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A cache that can only be read, or another process in the way: the hash is computed again next time.
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    private sealed record Entry(long Length, DateTime ChangedUtc, string Sha256);
}

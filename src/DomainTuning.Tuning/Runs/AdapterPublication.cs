using DomainTuning.Adapters;

namespace DomainTuning.Tuning.Runs;

/// <summary>An adapter goes where serving looks for it, by one rename: a running server sees the old one or the new one, never half of either.</summary>
internal static class AdapterPublication
{
    /// <summary>Refuses a name that serving could not tell from another place's adapter.</summary>
    /// <exception cref="ArgumentException">There is such an adapter.</exception>
    public static void CheckName(AdapterFolders folders, string name, string target)
    {
        var other = folders.All().FirstOrDefault(place => place.Name == name && Path.GetFullPath(place.Path) != Path.GetFullPath(target));
        if (other is not null) throw new ArgumentException($"There is an adapter '{name}' for '{folders.Model}' in '{other.Path}' already, and two of one name cannot be told apart. Pass another --name, or remove that one.");
    }

    /// <param name="replaced">Where an adapter goes that was there before.</param>
    public static void Publish(string adapter, string target, string replaced)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(target))!;
        Directory.CreateDirectory(parent);
        var work = Path.Combine(parent, $".{Path.GetFileName(target)}-{Guid.NewGuid():N}");
        Copy(adapter, work);
        if (Directory.Exists(target))
        {
            Copy(target, replaced);
            var old = work + ".old";
            Directory.Move(target, old);
            Directory.Move(work, target);
            Directory.Delete(old, recursive: true);
        }
        else
        {
            Directory.Move(work, target);
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }
}

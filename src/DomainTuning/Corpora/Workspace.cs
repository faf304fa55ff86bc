namespace DomainTuning.Corpora;

/// <summary>
/// The folder a user works in: corpora/, models/, domaintuning.json, and .domaintuning/ for all that can be made again (index, model cache, runs).
/// </summary>
public sealed record Workspace(string Root)
{
    public string StateFolder => Path.Combine(Root, ".domaintuning");

    public string SettingsFile => Path.Combine(Root, "domaintuning.json");

    public string ModelsFolder => Path.Combine(Root, "models");

    public string CorporaFolder => Path.Combine(Root, "corpora");

    /// <summary>Converted chat models (graphs and weights), keyed by content.</summary>
    public string ModelCacheFolder => Path.Combine(StateFolder, "models");

    /// <summary>Adapters of a chat model, a folder each; further ones lie with the corpora that they were trained on, under adapters/.</summary>
    public string AdaptersFolder(string model) => Path.Combine(StateFolder, "adapters", model);

    /// <summary>Trainings, a folder each.</summary>
    public string RunsFolder => Path.Combine(StateFolder, "runs");

    /// <summary>Conversations of the web page and of clients that ask for it, an SQLite file.</summary>
    public string ConversationsFile => Path.Combine(StateFolder, "conversations.db");

    /// <summary>Names, scopes and hashes of the API keys; never the keys.</summary>
    public string KeysFile => Path.Combine(StateFolder, "keys.json");

    public string IndexFolder => Path.Combine(StateFolder, "index");

    /// <summary>The SQLite file of a corpus.</summary>
    public string IndexFile(string corpus) => Path.Combine(IndexFolder, corpus + ".db");

    /// <summary>The nearest folder at or above <paramref name="start"/> that holds domaintuning.json, .domaintuning or corpora; otherwise <paramref name="start"/> itself.</summary>
    public static Workspace Find(string start)
    {
        for (var folder = new DirectoryInfo(Path.GetFullPath(start)); folder is not null; folder = folder.Parent)
        {
            var candidate = new Workspace(folder.FullName);
            if (File.Exists(candidate.SettingsFile) || Directory.Exists(candidate.StateFolder) || Directory.Exists(candidate.CorporaFolder))
                return candidate;
        }

        return new Workspace(Path.GetFullPath(start));
    }
}

using DomainTuning.Corpora;

namespace DomainTuning.Cli.Verbs;

/// <summary>A corpus as a user names it: by its name, or by its folder.</summary>
internal sealed record CorpusPlace(string Name, string Folder)
{
    public static CorpusPlace Find(Workspace workspace, string corpus)
    {
        if (Directory.Exists(corpus)) return new CorpusPlace(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(corpus))), corpus);
        var folder = Path.Combine(workspace.CorporaFolder, corpus);
        return Directory.Exists(folder) ? new CorpusPlace(corpus, folder) : throw new SettingsException($"There is no corpus '{corpus}': neither a folder of that name nor {folder}.");
    }
}

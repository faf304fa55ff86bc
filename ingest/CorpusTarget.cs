using DomainTuning.Corpora;

namespace DomainTuning.Ingest;

/// <summary>
/// Which corpus the given paths go into. A corpus folder (corpora/cnc) stands for its documents and gives the corpus its name; so does any path
/// inside it. Everything else goes to "default" unless a name is given.
/// </summary>
internal sealed record CorpusTarget(string Corpus, IReadOnlyList<string> Inputs)
{
    private const string DefaultCorpus = "default";

    /// <exception cref="ArgumentException">The paths do not tell which corpus is meant.</exception>
    public static CorpusTarget Resolve(Workspace workspace, IReadOnlyList<string> paths, string? corpus)
    {
        if (paths.Count == 0) return OwnDocuments(workspace, corpus);
        var inputs = paths.Select(DocumentsOf).ToArray();
        if (corpus is not null) return new CorpusTarget(corpus, inputs);

        string[] names = [.. inputs.Select(input => CorpusOf(input) ?? DefaultCorpus).Distinct(StringComparer.Ordinal)];
        return names is [var name] ? new CorpusTarget(name, inputs)
            : throw new ArgumentException($"The paths belong to several corpora ({string.Join(", ", names)}). Ingest one at a time, or name the one to fill with --corpus.");
    }

    private static CorpusTarget OwnDocuments(Workspace workspace, string? corpus)
    {
        if (corpus is null) throw new ArgumentException("No files or folders to ingest were given. Name some, or a corpus that has its own documents: --corpus NAME.");
        var documents = Path.Combine(workspace.CorporaFolder, corpus, "documents");
        return Directory.Exists(documents) ? new CorpusTarget(corpus, [documents])
            : throw new ArgumentException($"Corpus '{corpus}' has no folder {documents}. Name the files or folders to ingest into it.");
    }

    private static string DocumentsOf(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var documents = Path.Combine(full, "documents");
        return IsCorporaFolder(Path.GetFileName(Path.GetDirectoryName(full))) && Directory.Exists(documents) ? documents : path;
    }

    private static string? CorpusOf(string path)
    {
        var folders = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)).Split(Path.DirectorySeparatorChar);
        var at = Array.FindLastIndex(folders, IsCorporaFolder);
        return at >= 0 && at + 1 < folders.Length - 1 ? folders[at + 1] : null;
    }

    private static bool IsCorporaFolder(string? name) => string.Equals(name, "corpora", StringComparison.OrdinalIgnoreCase);
}

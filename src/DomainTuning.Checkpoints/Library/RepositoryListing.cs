namespace DomainTuning.Checkpoints.Library;

/// <summary>A file that a source offers. <paramref name="Sha256"/> is null where the source does not know it (small files on the hub, local files).</summary>
internal sealed record OfferedFile(string Path, long Bytes, string? Sha256);

/// <summary>What a source offers: the names of its files and the text of its small JSON files; enough to decide what the model is before fetching it.</summary>
/// <param name="Where">For messages: a path or an address.</param>
/// <param name="Name">The publisher's name of the model, such as "BAAI/bge-m3", or the name of the folder or file.</param>
/// <param name="Source">For the card.</param>
internal sealed record RepositoryListing(
    string Where, string Name, string Source, IReadOnlyList<OfferedFile> Files, IReadOnlyDictionary<string, string> Texts)
{
    public string? Licence { get; init; }

    public IReadOnlyList<string> Languages { get; init; } = [];

    public OfferedFile? File(string path) => Files.FirstOrDefault(file => file.Path == path);

    public ConfigJson? Json(string path) => Texts.TryGetValue(path, out var text) ? ConfigJson.Parse(text, $"{Where}: {path}") : null;

    /// <summary>Small files that say what a model is; all others are never read before the decision.</summary>
    public static bool IsTelling(OfferedFile file) =>
        file.Bytes < 8 << 20
        && file.Path is var path && path.EndsWith(".json", StringComparison.Ordinal)
        && (path is "config.json" or "modules.json" or SafetensorsSurvey.IndexName or "tokenizer_config.json" or "config_sentence_transformers.json"
            || (path.StartsWith("sentence_", StringComparison.Ordinal) && path.EndsWith("_config.json", StringComparison.Ordinal))
            || (char.IsAsciiDigit(path[0]) && path.EndsWith("/config.json", StringComparison.Ordinal)));

    /// <summary>"a.gguf (1.2 GB), b.gguf (0.7 GB)".</summary>
    public static string Show(IEnumerable<OfferedFile> files) =>
        string.Join(", ", files.Take(40).Select(file => $"{file.Path} ({ByteSize.Show(file.Bytes)})"));
}

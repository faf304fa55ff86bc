namespace DomainTuning.Adapters;

/// <summary>An adapter on disk.</summary>
/// <param name="Name">As in the model id "model:name".</param>
/// <param name="Path">A PEFT folder, or an .onnx_adapter file.</param>
public sealed record AdapterPlace(string Name, string Path)
{
    public bool IsOnnxFile => Path.EndsWith(AdapterFolders.OnnxSuffix, StringComparison.Ordinal);
}

/// <summary>
/// Where the adapters of one model lie: in its own folder of the workspace, and with the corpora that they were trained on. Looked up anew at every
/// call, so that what a training has just finished is there.
/// </summary>
/// <param name="Model">The base model's id.</param>
/// <param name="ModelFolder">Holds an adapter a folder, or .onnx_adapter files.</param>
/// <param name="CorporaFolder">Holds a corpus a folder, with its adapters under adapters/.</param>
public sealed record AdapterFolders(string Model, string ModelFolder, string? CorporaFolder = null)
{
    public const string OnnxSuffix = ".onnx_adapter";

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>All adapters, by name. Folders of a corpus whose card names another base are left out; so is what could be no model id.</summary>
    public IReadOnlyList<AdapterPlace> All() =>
    [
        .. new[] { ModelFolder }.Concat(Corpora()).Where(Directory.Exists).SelectMany(Within).OrderBy(place => place.Name, StringComparer.Ordinal),
    ];

    /// <summary>The adapter of that name.</summary>
    /// <exception cref="AdapterException">There is none, or there are several.</exception>
    public AdapterPlace Find(string name)
    {
        var all = All();
        return all.Where(place => place.Name == name).ToList() switch
        {
            [var only] => only,
            [] => throw new AdapterException(
                $"There is no adapter '{name}' for '{Model}'. Known are {(all.Count == 0 ? "none" : string.Join(", ", all.Select(place => place.Name).Distinct()))}. Put its folder into '{ModelFolder}'."),
            var several => throw new AdapterException($"There are {several.Count} adapters '{name}' for '{Model}': {string.Join(" and ", several.Select(place => $"'{place.Path}'"))}. Rename all but one."),
        };
    }

    /// <summary>Whether an adapter can be called that in a model id. A dot in front is how work in progress is named.</summary>
    public static bool IsName(string name) => name.Length > 0 && name[0] != '.' && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    private IEnumerable<string> Corpora() =>
        CorporaFolder is null || !Directory.Exists(CorporaFolder) ? [] : Directory.EnumerateDirectories(CorporaFolder).Select(corpus => Path.Combine(corpus, "adapters"));

    private IEnumerable<AdapterPlace> Within(string root)
    {
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            var name = Path.GetFileName(folder);
            if (IsName(name) && File.Exists(Path.Combine(folder, PeftConfig.FileName)) && (root == ModelFolder || IsOfThisModel(folder))) yield return new AdapterPlace(name, folder);
        }

        foreach (var file in Directory.EnumerateFiles(root, "*" + OnnxSuffix))
            if (root == ModelFolder && IsName(Path.GetFileName(file))) yield return new AdapterPlace(Path.GetFileName(file)[..^OnnxSuffix.Length], file);
    }

    private bool IsOfThisModel(string folder)
    {
        try
        {
            return AdapterCard.Read(folder) is not { } card || card.BaseModel == Model;
        }
        catch (AdapterException) // loading it will say what is wrong with the card
        {
            return true;
        }
    }
}

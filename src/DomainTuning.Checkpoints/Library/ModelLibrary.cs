namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// The models on this machine: one folder each under models/, with a card.json that says what it is and how to use it. A folder without a card is read
/// by what Hugging Face repositories ship. Reading is thread-safe; nothing is cached, so what another process adds is seen at once.
/// Every refusal is a <see cref="CheckpointException"/> whose message names the remedy.
/// </summary>
public sealed partial class ModelLibrary
{
    /// <summary>Ends the name of a folder in which files of a model are gathered until it is complete.</summary>
    private const string PartialSuffix = ".partial";

    private const string RemovedSuffix = ".removed";

    private readonly HttpMessageHandler? _handler;

    /// <param name="modelsFolder">Made when the first model is added.</param>
    /// <param name="handler">What carries HTTP requests. Default: the system's, which follows HTTPS_PROXY. Not disposed.</param>
    public ModelLibrary(string modelsFolder, HttpMessageHandler? handler = null)
    {
        Folder = Path.GetFullPath(modelsFolder);
        _handler = handler;
    }

    /// <summary>Full path of the folder that holds the models.</summary>
    public string Folder { get; }

    /// <summary>How many bytes may still be written at a path. A test of a full disk puts another one here.</summary>
    internal Func<string, long> FreeBytes { get; init; } = Free;

    /// <summary>How many bytes of memory a model may take on this machine. A test of a small machine puts another one here.</summary>
    internal Func<long> AvailableMemory { get; init; } = () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>All models that can be read, by id. What cannot be read is in <see cref="Problems"/>.</summary>
    public IReadOnlyList<ModelCard> List() => [.. Read().Where(entry => entry.Card is not null).Select(entry => entry.Card!)];

    /// <summary>One sentence with the remedy for every folder that is no readable model.</summary>
    public IReadOnlyList<string> Problems() => [.. Read().Where(entry => entry.Problem is not null).Select(entry => entry.Problem!)];

    /// <summary>The model with that id (case does not matter). Throws with the ids that exist and how to add one.</summary>
    public ModelCard Find(string id)
    {
        if (ModelPaths.IsId(id.ToLowerInvariant()) && Path.Combine(Folder, id.ToLowerInvariant()) is var folder && Directory.Exists(folder)) return ReadFolder(folder);
        var known = List();
        throw new CheckpointException(
            $"There is no model '{id}' in '{Folder}'. {(known.Count == 0 ? "There are none yet" : "There are " + string.Join(", ", known.Select(card => card.Id)))}; add one with 'domaintuning models add <hugging-face-id | folder | file.gguf>'.");
    }

    /// <summary>The only model of a kind, or the one that the ids prefer, in this order. Throws when there is none.</summary>
    public ModelCard FindAny(ModelKind kind, params IReadOnlyList<string> preferredIds)
    {
        var cards = List().Where(card => card.Kind == kind).ToList();
        return preferredIds.Select(id => cards.Find(card => card.Id == id)).FirstOrDefault(card => card is not null)
            ?? cards.FirstOrDefault()
            ?? throw new CheckpointException($"There is no {Name(kind)} model in '{Folder}'. Add one with 'domaintuning models add <hugging-face-id | folder | file.gguf>'.");
    }

    /// <summary>Deletes a model with all its files, and what an interrupted addition of it has left.</summary>
    public void Remove(string id)
    {
        var leftovers = Directory.Exists(Folder) && ModelPaths.IsId(id.ToLowerInvariant()) ? Directory.GetDirectories(Folder, $"{id.ToLowerInvariant()}@*{PartialSuffix}") : [];
        foreach (var leftover in leftovers) Directory.Delete(leftover, recursive: true);
        if (leftovers.Length > 0 && !Directory.Exists(Path.Combine(Folder, id.ToLowerInvariant()))) return;
        var folder = FindFolder(id);
        var removed = folder + RemovedSuffix;
        if (Directory.Exists(removed)) Directory.Delete(removed, recursive: true);
        Directory.Move(folder, removed); // at once, so that a kill leaves no half model
        Directory.Delete(removed, recursive: true);
    }

    /// <summary>A model that is broken can be removed too, so only the folder's existence counts.</summary>
    private string FindFolder(string id) =>
        ModelPaths.IsId(id.ToLowerInvariant()) && Path.Combine(Folder, id.ToLowerInvariant()) is var folder && Directory.Exists(folder) ? folder : Find(id).Folder;

    private IEnumerable<(ModelCard? Card, string? Problem)> Read()
    {
        if (!Directory.Exists(Folder)) yield break;
        foreach (var folder in Directory.EnumerateDirectories(Folder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(folder);
            if (name.StartsWith('.') || name.EndsWith(PartialSuffix, StringComparison.Ordinal) || name.EndsWith(RemovedSuffix, StringComparison.Ordinal)) continue;
            (ModelCard? Card, string? Problem) entry;
            try
            {
                entry = (ReadFolder(folder), null);
            }
            catch (CheckpointException error)
            {
                entry = (null, error.Message);
            }

            yield return entry;
        }
    }

    private static ModelCard ReadFolder(string folder)
    {
        var name = Path.GetFileName(folder);
        if (File.Exists(Path.Combine(folder, CardFile.Name)))
        {
            var card = CardFile.Read(folder);
            return card.Id == name
                ? card
                : throw new CheckpointException($"'{Path.Combine(folder, CardFile.Name)}' calls the model '{card.Id}', but its folder is '{name}'. Rename one of them.");
        }

        var survey = ModelSurvey.Examine(new FolderSource(folder).List(), new AddModelOptions { Id = name });
        var found = survey.Card with
        {
            Folder = Path.GetFullPath(folder),
            Files = [.. survey.Files.Select(file => new ModelFile(file.Path, null, file.Bytes))],
        };
        return found.Kind == ModelKind.Chat ? CompleteChat(found) : found;
    }

    private static ModelCard CompleteChat(ModelCard card)
    {
        if (!card.IsGguf) return SafetensorsSurvey.Complete(card);
        using var file = Weights.GgufFile.Open(card.WeightsPath);
        return ChatSurvey.Complete(card, file);
    }

    private static long Free(string path)
    {
        try
        {
            return new DriveInfo(path).AvailableFreeSpace;
        }
        catch (ArgumentException)
        {
            return long.MaxValue; // a network share on Windows has no drive to ask; writing will tell
        }
    }

    private static string Name(ModelKind kind) => kind switch { ModelKind.Chat => "chat", ModelKind.Reranker => "reranker", _ => "encoder" };
}

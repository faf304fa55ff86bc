namespace DomainTuning.Checkpoints.Library;

/// <content>Models that lie outside the library's folder.</content>
public sealed partial class ModelLibrary
{
    /// <summary>Reads the model in one folder, wherever it lies and whatever the folder is called: its card.json, or else what Hugging Face repositories ship.</summary>
    /// <param name="options">What a folder without card.json leaves open, such as the pooling.</param>
    /// <exception cref="CheckpointException">The folder is absent or holds no model that can be used; the message names the remedy.</exception>
    public static ModelCard Open(string folder, AddModelOptions? options = null)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(Path.Combine(full, CardFile.Name))) return CardFile.Read(full);
        var survey = ModelSurvey.Examine(new FolderSource(full).List(), (options ?? new AddModelOptions()) with { Id = ModelPaths.ToId(Path.GetFileName(full)) });
        var card = survey.Card with { Folder = full, Files = [.. survey.Files.Select(file => new ModelFile(file.Path, null, file.Bytes))] };
        return card.Kind == ModelKind.Chat ? CompleteChat(card) : card;
    }
}

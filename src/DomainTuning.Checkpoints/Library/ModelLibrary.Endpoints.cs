namespace DomainTuning.Checkpoints.Library;

/// <summary>Models that another server runs are folders with nothing but a card.</summary>
public sealed partial class ModelLibrary
{
    /// <summary>An id made from a publisher's name: "Qwen2.5-0.5B-Instruct-GGUF" becomes "qwen2.5-0.5b-instruct".</summary>
    public static string ToId(string name) => ModelPaths.ToId(name);

    /// <summary>Stores the card of a model that was tried out already.</summary>
    /// <returns>The card as it can be found from now on.</returns>
    /// <exception cref="CheckpointException">The id is taken or no id, or the folder cannot be written.</exception>
    public ModelCard AddEndpoint(ModelCard card)
    {
        if (card.Endpoint is null) throw new ArgumentException($"The card of '{card.Id}' names no endpoint.", nameof(card));
        if (!ModelPaths.IsId(card.Id))
            throw new CheckpointException($"'{card.Id}' cannot be a model's id: ids are lower-case letters, digits, '.', '_' and '-', at most 96. Choose one with --id.");
        RefuseTakenId(card.Id);
        var gathering = Path.Combine(Folder, card.Id + PartialSuffix);
        try
        {
            Directory.CreateDirectory(gathering);
            CardFile.Write(card, gathering);
            Directory.Move(gathering, Path.Combine(Folder, card.Id));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"'{card.Id}' cannot be written to '{Folder}' ({error.Message.TrimEnd('.')}). Make room or correct the folder's permissions, and run the command again.", error);
        }

        return Find(card.Id);
    }
}

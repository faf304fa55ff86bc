using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Checkpoints.Library;

/// <summary>Reads and writes card.json.</summary>
internal static class CardFile
{
    public const string Name = "card.json";

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // the file is not HTML; prefixes stay readable
        WriteIndented = true,
        NewLine = "\n",
        Converters = { new JsonStringEnumConverter<ModelKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static ModelCard Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        ModelCard? card;
        try
        {
            card = JsonSerializer.Deserialize<ModelCard>(File.ReadAllBytes(path), Format);
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"'{path}' is not a valid card of a model: {error.Message} Correct it, or delete the folder and add the model again.", error);
        }

        if (card is null) throw new CheckpointException($"'{path}' holds null instead of a card. Delete the folder and add the model again.");
        foreach (var file in card.Files)
            if (!ModelPaths.IsSafe(file.Path))
                throw new CheckpointException($"'{path}' lists the file '{file.Path}', which is not a plain path inside the model's folder. Correct it, or delete the folder and add the model again.");
        return card with { Folder = Path.GetFullPath(folder) };
    }

    public static void Write(ModelCard card, string folder) =>
        File.WriteAllText(Path.Combine(folder, Name), JsonSerializer.Serialize(card, Format) + "\n");
}

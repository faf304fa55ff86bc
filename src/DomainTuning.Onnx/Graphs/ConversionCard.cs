using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>What a converted model is and how it came about; card.json in its folder, written last. A folder whose card does not fit its files is damaged.</summary>
/// <param name="ConverterVersion">See <see cref="ChatModelCache.ConverterVersion"/>.</param>
/// <param name="Source">File or folder name of the checkpoint.</param>
/// <param name="SourceSha256">Lower-case hex SHA-256 of the checkpoint; of several files, of their names and hashes.</param>
/// <param name="Form">The form of weights in this folder.</param>
/// <param name="Rejected">Why forms that were tried before were not kept; null when the first was.</param>
/// <param name="Nll">Mean negative log-likelihood of the check text in this form, natural log.</param>
/// <param name="ReferenceForm">The form that the check was made against; null when there was none.</param>
/// <param name="ReferenceNll">The same text in that form.</param>
/// <param name="Shape">The model's numbers.</param>
/// <param name="Bytes">Length of the weights.</param>
/// <param name="Files">SHA-256 of each file by name.</param>
public sealed record ConversionCard(
    int ConverterVersion,
    string Source,
    string SourceSha256,
    WeightForm Form,
    string? Rejected,
    double Nll,
    WeightForm? ReferenceForm,
    double? ReferenceNll,
    DecoderShape Shape,
    long Bytes,
    IReadOnlyDictionary<string, string> Files)
{
    internal const string FileName = "card.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter() },
    };

    internal void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Reads the card and checks the files against it.</summary>
    /// <exception cref="CheckpointException">Something is missing or changed; the message says what.</exception>
    internal static ConversionCard ReadAndVerify(string folder, string sourceSha256, RememberedHashes hashes, CancellationToken cancellationToken)
    {
        ConversionCard? card;
        try
        {
            card = JsonSerializer.Deserialize<ConversionCard>(File.ReadAllText(Path.Combine(folder, FileName)), Json);
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new CheckpointException($"The card of the converted model in '{folder}' cannot be read: {error.Message}", error);
        }

        if (card is null || card.ConverterVersion != ChatModelCache.ConverterVersion || card.SourceSha256 != sourceSha256)
            throw new CheckpointException($"The card of the converted model in '{folder}' belongs to another model or converter.");
        foreach (var (name, expected) in card.Files)
        {
            var path = Path.Combine(folder, name);
            if (!File.Exists(path)) throw new CheckpointException($"The converted model in '{folder}' lacks its file {name}.");
            if (hashes.Sha256(path, cancellationToken) != expected) throw new CheckpointException($"The file {name} of the converted model in '{folder}' has changed since it was written.");
        }

        return card;
    }
}

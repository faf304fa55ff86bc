using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Checkpoints;

namespace DomainTuning.Onnx.Graphs;

/// <summary>A tensor in weights.bin.</summary>
/// <param name="Shape">Outermost dimension first.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Bytes.</param>
internal sealed record PackedTensor(string Name, OnnxType Type, IReadOnlyList<long> Shape, long Offset, long Length);

/// <summary>A linear layer y = x Wᵀ in weights.bin: its tensors are <paramref name="Name"/> and what its form puts behind a dot.</summary>
/// <param name="Rows">Length of y.</param>
/// <param name="Columns">Length of x.</param>
internal sealed record PackedLinear(string Name, LinearKind Kind, int Rows, int Columns);

/// <summary>
/// The contents of weights.bin; tensors.json beside it. From these and the model's shape every graph over the same weights is built when it is needed
/// (plain, measuring, with room for adapters), so the weights lie on disk once.
/// </summary>
internal sealed record PackedWeights(IReadOnlyDictionary<string, PackedTensor> Tensors, IReadOnlyDictionary<string, PackedLinear> Linears)
{
    public const string FileName = "tensors.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json));

    /// <exception cref="CheckpointException">The file is missing or damaged.</exception>
    public static PackedWeights Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<PackedWeights>(File.ReadAllText(Path.Combine(folder, FileName)), Json)!;
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new CheckpointException($"The list of tensors of the converted model in '{folder}' cannot be read: {error.Message} Delete the folder; it is made again.", error);
        }
    }
}

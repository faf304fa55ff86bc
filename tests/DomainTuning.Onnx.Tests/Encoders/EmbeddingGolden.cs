using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Tests.Encoders;

/// <summary>Reference ids and vectors for a shipped encoder: of its float32 form, and of the int8 file run one text at a time as it is shipped.</summary>
internal sealed class EmbeddingGolden
{
    private readonly int dimensions;
    private readonly float[] full, int8;

    private EmbeddingGolden(string model)
    {
        var name = model.Replace("-v1.5", "", StringComparison.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("embeddings", name + ".json")));
        var root = document.RootElement;
        dimensions = root.GetProperty("vectors").GetProperty("shape")[1].GetInt32();
        Texts = [.. root.GetProperty("texts").EnumerateArray().Select(entry => entry.GetProperty("text").GetString()!)];
        Ids = [.. root.GetProperty("texts").EnumerateArray().Select(entry => entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        (full, int8) = (Read($"{name}.vectors.f32"), Read($"{name}.int8.vectors.f32"));
    }

    public string[] Texts { get; }

    public int[][] Ids { get; }

    /// <summary>What the reference embedded, token by token.</summary>
    public TokenSequence[] Sequences => [.. Ids.Select(ids => new TokenSequence([.. ids.Select(id => new Token(id, -1, -1))], new int[ids.Length]))];

    public ReadOnlySpan<float> Full(int index) => full.AsSpan(index * dimensions, dimensions);

    public ReadOnlySpan<float> Int8(int index) => int8.AsSpan(index * dimensions, dimensions);

    public static EmbeddingGolden Of(string model) => new(model);

    private static float[] Read(string name) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Fixtures.Path("embeddings", name))).ToArray();
}

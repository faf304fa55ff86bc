using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

/// <summary>An adapter that no training made: it turns a model's answers into others, and each seed into different ones.</summary>
internal static class RandomAdapter
{
    public static LoraAdapter Make(string name, DecoderShape shape, int rank, int seed, float strength = 0.06f)
    {
        var random = new Random(seed);
        float[] Some(int count, float size) => [.. Enumerable.Range(0, count).Select(_ => size * (2 * random.NextSingle() - 1))];
        var modules = ModulePlace.All(shape, fused: false).Where(place => place.Site < AdapterSite.Embedding).Select(place => new LoraModule(place)
        {
            Rank = rank,
            A = Some(rank * place.Columns, 1 / MathF.Sqrt(rank)),
            B = Some(place.Rows * rank, strength),
        });
        return new LoraAdapter(name, modules.ToDictionary(module => module.Place.Name));
    }

    /// <summary>Writes one as a PEFT folder.</summary>
    public static void Write(string root, string name, DecoderShape shape, int seed) => PeftExport.Write(Make(name, shape, 8, seed), Path.Combine(root, name), "a base", shape);
}

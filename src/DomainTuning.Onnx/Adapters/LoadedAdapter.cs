using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// An adapter in memory, as values for a decoder graph's optional inputs. Two loadings of the same folder are two adapters: what was computed under one
/// (keys and values of a prefix) is never used under the other.
/// </summary>
internal sealed class LoadedAdapter : IDisposable
{
    private readonly OrtValue[] values;

    /// <param name="name">As in the model id "model:name".</param>
    /// <param name="inputs">Names and shapes as <see cref="AdapterParts"/> has them.</param>
    /// <param name="more">Parts of the graph that stay unbound, so that adapters of different parts can share one.</param>
    /// <exception cref="AdapterException">An input is none of an adapter's for this shape.</exception>
    public LoadedAdapter(string name, IReadOnlyList<InputTensor> inputs, DecoderShape shape, AdapterParts more = default)
    {
        Name = name;
        Inputs = inputs;
        Parts = new AdapterParts((AdapterParts.Of(inputs.Select(input => input.Name)) ?? AdapterParts.None).Bits | more.Bits);
        CheckShapes(shape);
        InputNames = [.. inputs.Select(input => input.Name)];
        values = [.. inputs.Select(input => OrtValue.CreateTensorValueFromMemory(input.Values, input.Shape))];
    }

    /// <summary>As in the model id "model:name".</summary>
    public string Name { get; }

    /// <summary>The graph that has these inputs.</summary>
    public AdapterParts Parts { get; }

    public IReadOnlyList<InputTensor> Inputs { get; }

    public IReadOnlyList<string> InputNames { get; }

    public IReadOnlyList<OrtValue> Values => values;

    /// <summary>Memory that the values take.</summary>
    public long Bytes => Inputs.Sum(input => (long)input.Values.Length * sizeof(float));

    public void Dispose()
    {
        foreach (var value in values) value.Dispose();
    }

    private void CheckShapes(DecoderShape shape)
    {
        var ranks = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var input in Inputs)
        {
            var parts = AdapterParts.Of([input.Name]) ?? throw Refusal($"has the input '{input.Name}', which is none of an adapter's here");
            var site = Enum.GetValues<AdapterSite>().First(site => Enum.GetValues<AdapterChange>().Any(change => parts.Has(site, change)));
            var linear = input.Name[..input.Name.LastIndexOf('.')];
            if (!Enumerable.Range(0, shape.Layers).Any(layer => AdapterParts.Name(site, layer) == linear)) throw Refusal($"has the input '{input.Name}'; the model has {shape.Layers} layers");
            var (rows, columns) = ModulePlace.SizeOf(site, shape);
            var isA = input.Name == AdapterParts.A(linear);
            if (isA || input.Name == AdapterParts.B(linear))
            {
                var (length, rank) = input.Shape.Length != 2 ? (0, 0) : isA ? (input.Shape[0], input.Shape[1]) : (input.Shape[1], input.Shape[0]);
                var expected = (isA, site) switch { (true, AdapterSite.Embedding) => rows, (false, AdapterSite.Embedding) => columns, (true, _) => columns, _ => rows };
                if (length != expected || rank < 1 || (ranks.TryGetValue(linear, out var other) && other != rank))
                    throw Refusal($"has '{input.Name}' [{string.Join(", ", input.Shape)}]; {expected} values and one rank for A and B are expected");
                ranks[linear] = rank;
                if (!Inputs.Any(partner => partner.Name == (isA ? AdapterParts.B(linear) : AdapterParts.A(linear)))) throw Refusal($"has '{input.Name}' without its partner");
                continue;
            }

            long[] wanted = parts.Has(site, AdapterChange.Table) ? [rows, columns] : [rows];
            if (!input.Shape.SequenceEqual(wanted)) throw Refusal($"has '{input.Name}' [{string.Join(", ", input.Shape)}]; [{string.Join(", ", wanted)}] is expected");
        }
    }

    private AdapterException Refusal(string what) => new($"The adapter '{Name}' {what}. It is an adapter of another model, or was exported for another conversion of it.");
}

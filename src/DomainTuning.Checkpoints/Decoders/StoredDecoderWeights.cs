using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// The weights of a decoder in a GGUF file or in safetensors. Every tensor is looked up and its shape checked when this is made; a tensor that the
/// graph would not compute is refused by name.
/// </summary>
internal sealed class StoredDecoderWeights : DecoderWeights
{
    private readonly TensorFile file;
    private readonly TensorNames names;
    private readonly HashSet<string> used = new(StringComparer.Ordinal);
    private readonly StoredTensor embedding, finalNorm;
    private readonly StoredTensor? head, rotaryDivisors;
    private readonly StoredLayer[] layers;

    /// <param name="neighbouringPairs">See <see cref="GgufDecoder.HasNeighbouringPairs"/>.</param>
    /// <param name="normsLessOne">See <see cref="FolderDecoder.HasNormsLessOne"/>.</param>
    public StoredDecoderWeights(TensorFile file, DecoderShape shape, TensorNames names, bool neighbouringPairs = false, bool normsLessOne = false)
        : base(shape)
    {
        this.file = file;
        this.names = names;
        NeighbouringPairs = neighbouringPairs;
        NormsLessOne = normsLessOne;
        embedding = Take(names.Embedding, shape.Vocabulary, shape.Hidden);
        head = shape.Tied ? null : Take(names.Head, shape.Vocabulary, shape.Hidden);
        finalNorm = Take(names.FinalNorm, shape.Hidden);
        rotaryDivisors = shape.Rope.Scaling == RopeScaling.Stored ? Take("rope_freqs", shape.HeadValues / 2) : null;
        layers = [.. Enumerable.Range(0, shape.Layers).Select(TakeLayer)];
        // A tied model may carry its embedding a second time, old ones their rotary frequencies.
        foreach (var tensor in file.Tensors)
            if (!used.Contains(tensor.Name) && !(shape.Tied && tensor.Name == names.Head + ".weight") && !tensor.Name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
                throw DecoderShape.Refusal(file.Path, $"holds the tensor {tensor.Name}, which the graph does not compute");
    }

    private bool NeighbouringPairs { get; }

    private bool NormsLessOne { get; }

    public override LinearWeights Embedding() => Plain(embedding);

    public override LinearWeights Head() => Plain(head ?? embedding);

    public override float[] FinalNorm() => Norm(finalNorm);

    public override double[] RotaryFrequencies(RopeShape rope)
    {
        var frequencies = new double[Shape.HeadDimensions / 2];
        rope.Frequencies(Shape.HeadValues, rope.Scaling == RopeScaling.Stored ? file.Read(rotaryDivisors!) : null).CopyTo(frequencies, 0);
        return frequencies;
    }

    public override DecoderLayer Layer(int index)
    {
        var layer = layers[index];
        return new DecoderLayer(Norm(layer.AttentionNorm), Qkv(layer), Output(layer), Norm(layer.FeedForwardNorm), GateUp(layer), Plain(layer.Down))
        {
            QueryNorm = layer.QueryNorm is { } q ? Norm(q) : null,
            KeyNorm = layer.KeyNorm is { } k ? Norm(k) : null,
            AttentionPostNorm = layer.AttentionPostNorm is { } a ? Norm(a) : null,
            FeedForwardPostNorm = layer.FeedForwardPostNorm is { } f ? Norm(f) : null,
        };
    }

    private StoredLayer TakeLayer(int index)
    {
        long hidden = Shape.Hidden, feedForward = Shape.FeedForward, attention = (long)Shape.Heads * Shape.HeadValues, keyValue = (long)Shape.KeyValueHeads * Shape.HeadValues;
        string Name(string part) => $"{names.Layers}{index}.{part}";
        StoredTensor? TakeIf(bool wanted, string part, long size) => wanted ? Take(Name(part), size) : null;

        var fused = file.TryGetTensor(Name(names.Qkv) + ".weight", out _);
        var fusedGate = !file.TryGetTensor(Name(names.Gate) + ".weight", out _);
        StoredTensor[] qkv = fused
            ? [Take(Name(names.Qkv), attention + 2 * keyValue, hidden)]
            : [Take(Name(names.Query), attention, hidden), Take(Name(names.Key), keyValue, hidden), Take(Name(names.Value), keyValue, hidden)];
        StoredTensor[] biases = file.TryGetTensor(Name(fused ? names.Qkv : names.Query) + ".bias", out _)
            ? fused
                ? [TakeBias(Name(names.Qkv), attention + 2 * keyValue)]
                : [TakeBias(Name(names.Query), attention), TakeBias(Name(names.Key), keyValue), TakeBias(Name(names.Value), keyValue)]
            : [];
        return new StoredLayer(
            Take(Name(names.AttentionNorm), hidden),
            qkv,
            biases,
            Take(Name(names.Output), hidden, attention),
            Take(Name(names.FeedForwardNorm), hidden),
            fusedGate ? [Take(Name(names.GateUp), 2 * feedForward, hidden)] : [Take(Name(names.Gate), feedForward, hidden), Take(Name(names.Up), feedForward, hidden)],
            Take(Name(names.Down), hidden, feedForward),
            TakeIf(Shape.HeadNorms, names.QueryNorm, Shape.HeadValues),
            TakeIf(Shape.HeadNorms, names.KeyNorm, Shape.HeadValues),
            TakeIf(Shape.PostNorms, names.AttentionPostNorm, hidden),
            TakeIf(Shape.PostNorms, names.FeedForwardPostNorm, hidden));
    }

    private StoredTensor Take(string name, params ReadOnlySpan<long> shape) => TakeTensor(name + ".weight", shape);

    private StoredTensor TakeBias(string name, long size) => TakeTensor(name + ".bias", size);

    private StoredTensor TakeTensor(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = file.Tensor(name);
        if (!tensor.Shape.SequenceEqual(shape.ToArray()))
            throw DecoderShape.Refusal(file.Path, $"holds {tensor}; its metadata asks for [{string.Join(", ", shape.ToArray())}]");
        used.Add(name);
        return tensor;
    }

    public override double Share(Func<TensorType, bool> kind)
    {
        var all = layers.SelectMany(layer => (StoredTensor[])[.. layer.Qkv, layer.Output, .. layer.GateUp, layer.Down]).ToList();
        return all.Where(tensor => kind(tensor.Type)).Sum(tensor => (double)tensor.Elements) / all.Sum(tensor => (double)tensor.Elements);
    }

    private LinearWeights Plain(StoredTensor tensor) => new(file, Rows([tensor]), checked((int)tensor.Columns));

    private LinearWeights GateUp(StoredLayer layer) => new(file, Rows(layer.GateUp), Shape.Hidden);

    private LinearWeights Qkv(StoredLayer layer)
    {
        var stored = Rows(layer.Qkv);
        var (queries, keys) = (Shape.Heads * Shape.HeadValues, Shape.KeyValueHeads * Shape.HeadValues);
        int[] order =
        [
            .. Spread(0, Shape.Heads, RotaryOrigins()),
            .. Spread(queries, Shape.KeyValueHeads, RotaryOrigins()),
            .. Spread(queries + keys, Shape.KeyValueHeads, PlainOrigins()),
        ];
        float[] biases = [.. layer.Biases.SelectMany(file.Read)];
        return new LinearWeights(file, [.. order.Select(row => row < 0 ? default : stored[row])], Shape.Hidden)
        {
            Bias = biases.Length == 0 ? null : [.. order.Select(row => row < 0 ? 0 : biases[row])],
        };
    }

    private LinearWeights Output(StoredLayer layer) => new(file, Rows([layer.Output]), Shape.Heads * Shape.HeadDimensions)
    {
        ColumnOrigins = Shape.HeadValues == Shape.HeadDimensions ? null : [.. Spread(0, Shape.Heads, PlainOrigins())],
    };

    private static RowOrigin[] Rows(StoredTensor[] tensors) =>
        [.. tensors.SelectMany(tensor => Enumerable.Range(0, checked((int)tensor.Rows)).Select(row => new RowOrigin(tensor, row)))];

    /// <summary>The origins within one head for each of so many heads that begin at a row; below 0 where zeros are filled in.</summary>
    private IEnumerable<int> Spread(int first, int heads, int[] origins) =>
        Enumerable.Range(0, heads).SelectMany(h => origins.Select(origin => origin < 0 ? -1 : first + h * Shape.HeadValues + origin));

    private int[] PlainOrigins() => [.. Enumerable.Range(0, Shape.HeadDimensions).Select(i => i < Shape.HeadValues ? i : -1)];

    /// <summary>Each half of a head is filled up on its own, so that pairs stay (i, i + half).</summary>
    private int[] RotaryOrigins()
    {
        var (half, wide) = (Shape.HeadValues / 2, Shape.HeadDimensions / 2);
        return [.. Enumerable.Range(0, Shape.HeadDimensions).Select(i => i % wide >= half ? -1 : NeighbouringPairs ? 2 * (i % wide) + i / wide : i / wide * half + i % wide)];
    }

    private float[] Norm(StoredTensor tensor)
    {
        var norm = file.Read(tensor);
        if (NormsLessOne) TensorPrimitives.Add(norm, 1, norm);
        return norm;
    }

    private sealed record StoredLayer(
        StoredTensor AttentionNorm,
        StoredTensor[] Qkv,
        StoredTensor[] Biases,
        StoredTensor Output,
        StoredTensor FeedForwardNorm,
        StoredTensor[] GateUp,
        StoredTensor Down,
        StoredTensor? QueryNorm,
        StoredTensor? KeyNorm,
        StoredTensor? AttentionPostNorm,
        StoredTensor? FeedForwardPostNorm);
}

using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// Writes the weights of a decoder as transformers stores them: one tensor a module, heads at their own width, model.safetensors or its parts. The way back
/// of <see cref="StoredDecoderWeights"/>. Streams: a slice of a matrix is in memory at a time.
/// </summary>
internal sealed class DecoderFolder
{
    private readonly DecoderWeights weights;
    private readonly DecoderShape shape;
    private readonly TensorNames names;
    private readonly bool fused, normsLessOne;
    private readonly CancellationToken cancellationToken;
    private readonly List<Part> parts = [];
    private (int Index, DecoderLayer Layer)? current;

    private DecoderFolder(DecoderWeights weights, string modelType, CancellationToken cancellationToken)
    {
        this.weights = weights;
        this.cancellationToken = cancellationToken;
        shape = weights.Shape;
        names = TensorNames.Transformers(shape.PostNorms);
        fused = modelType == "phi3";
        normsLessOne = modelType == "gemma3_text";
    }

    /// <param name="modelType">config.json's; decides about fused modules and how norms are stored.</param>
    /// <param name="folder">Exists.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <exception cref="CheckpointException">The weights have something that this family has no tensor for.</exception>
    public static void Write(
        DecoderWeights weights, string modelType, string folder, TensorType type, Action<double>? progress = null, long partBytes = ShardedWriter.DefaultPartBytes, CancellationToken cancellationToken = default)
    {
        var writing = new DecoderFolder(weights, modelType, cancellationToken);
        writing.AddAll();
        using var writer = new ShardedWriter(folder, [.. writing.parts.Select(part => (part.Name, part.Shape))], type, partBytes);
        for (var i = 0; i < writing.parts.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            writing.parts[i].Write(writer);
            progress?.Invoke((i + 1.0) / writing.parts.Count);
        }

        writer.Complete();
    }

    private void AddAll()
    {
        var straight = Straight(shape.Hidden);
        AddMatrix(names.Embedding, weights.Embedding, Straight(shape.Vocabulary), straight);
        for (var i = 0; i < shape.Layers; i++) AddLayer(i);
        AddVector(names.FinalNorm + ".weight", shape.Hidden, () => Norm(weights.FinalNorm()));
        if (!shape.Tied) AddMatrix(names.Head, weights.Head, Straight(shape.Vocabulary), straight);
    }

    private void AddLayer(int index)
    {
        string Name(string part) => $"{names.Layers}{index}.{part}";
        void AddNorm(bool wanted, string part, int size, Func<DecoderLayer, float[]?> norm)
        {
            if (wanted) AddVector(Name(part) + ".weight", size, () => Norm(norm(Layer(index))!));
        }

        void Add(string part, Func<DecoderLayer, LinearWeights> linear, int[] rows, int[] columns) => AddMatrix(Name(part), () => linear(Layer(index)), rows, columns);

        var (hidden, width, wide) = (Straight(shape.Hidden), shape.HeadDimensions, Straight(shape.FeedForward));
        int[] queries = Heads(0, shape.Heads, rotary: true), keys = Heads(shape.Heads * width, shape.KeyValueHeads, rotary: true);
        var values = Heads((shape.Heads + shape.KeyValueHeads) * width, shape.KeyValueHeads, rotary: false);
        AddNorm(true, names.AttentionNorm, shape.Hidden, layer => layer.AttentionNorm);
        (string Part, int[] Rows)[] read = fused ? [(names.Qkv, [.. queries, .. keys, .. values])] : [(names.Query, queries), (names.Key, keys), (names.Value, values)];
        foreach (var (part, rows) in read) Add(part, layer => layer.Qkv, rows, hidden);
        if (HasQkvBias(index))
            foreach (var (part, rows) in read) AddVector(Name(part) + ".bias", rows.Length, () => [.. rows.Select(row => Layer(index).Qkv.Bias![row])]);
        AddNorm(shape.HeadNorms, names.QueryNorm, shape.HeadValues, layer => layer.QueryNorm);
        AddNorm(shape.HeadNorms, names.KeyNorm, shape.HeadValues, layer => layer.KeyNorm);
        Add(names.Output, layer => layer.Output, hidden, Heads(0, shape.Heads, rotary: false));
        AddNorm(shape.PostNorms, names.AttentionPostNorm, shape.Hidden, layer => layer.AttentionPostNorm);
        AddNorm(true, names.FeedForwardNorm, shape.Hidden, layer => layer.FeedForwardNorm);
        int[] up = [.. wide.Select(row => shape.FeedForward + row)];
        (string, int[])[] gates = fused ? [(names.GateUp, [.. wide, .. up])] : [(names.Gate, wide), (names.Up, up)];
        foreach (var (part, rows) in gates) Add(part, layer => layer.GateUp, rows, hidden);
        Add(names.Down, layer => layer.Down, hidden, wide);
        AddNorm(shape.PostNorms, names.FeedForwardPostNorm, shape.Hidden, layer => layer.FeedForwardPostNorm);
    }

    private bool HasQkvBias(int index)
    {
        var layer = Layer(index);
        if (layer.Output.Bias is not null || layer.GateUp.Bias is not null || layer.Down.Bias is not null)
            throw new CheckpointException($"Layer {index} has a bias beside those of query, key and value, for which checkpoints of this family have no tensor. Serve the adapter beside its base instead.");
        return layer.Qkv.Bias is not null;
    }

    /// <param name="rows">Rows of the matrix that are written, in order.</param>
    /// <param name="columns">Its columns that are written.</param>
    private void AddMatrix(string name, Func<LinearWeights> linear, int[] rows, int[] columns) => parts.Add(new Part(name + ".weight", [rows.Length, columns.Length], writer =>
    {
        var matrix = linear();
        var wanted = rows.ToHashSet();
        var row = new float[columns.Length];
        matrix.Slices(rows[0], rows[^1] + 1 - rows[0], (first, count, values) =>
        {
            if (columns.Length == matrix.Columns && Enumerable.Range(first, count).All(wanted.Contains))
            {
                writer.Append(values.AsSpan(0, count * matrix.Columns));
                return;
            }

            for (var i = 0; i < count; i++)
            {
                if (!wanted.Contains(first + i)) continue;
                for (var column = 0; column < columns.Length; column++) row[column] = values[i * matrix.Columns + columns[column]];
                writer.Append(row);
            }
        }, cancellationToken);
        matrix.Release();
    }));

    private void AddVector(string name, int size, Func<float[]> values) => parts.Add(new Part(name, [size], writer => writer.Append(values())));

    private DecoderLayer Layer(int index)
    {
        if (current?.Index != index) current = (index, weights.Layer(index));
        return current.Value.Layer;
    }

    private float[] Norm(float[] norm) => normsLessOne ? [.. norm.Select(factor => factor - 1)] : norm;

    /// <summary>The rows, from the first on, that are no filling; a rotated head is filled up in each half.</summary>
    private int[] Heads(int first, int heads, bool rotary)
    {
        var (stored, width) = (shape.HeadValues, shape.HeadDimensions);
        return [.. Enumerable.Range(0, heads * width).Where(row => rotary ? row % width % (width / 2) < stored / 2 : row % width < stored).Select(row => first + row)];
    }

    private static int[] Straight(int count) => [.. Enumerable.Range(0, count)];

    private sealed record Part(string Name, long[] Shape, Action<ShardedWriter> Write);
}

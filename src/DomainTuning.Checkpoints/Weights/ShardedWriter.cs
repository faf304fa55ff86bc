using System.Globalization;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// Writes the weights of a model as transformers names them: model.safetensors, or parts of a bounded size with model.safetensors.index.json, which comes
/// last. The counterpart of <see cref="ShardedTensors"/>.
/// </summary>
internal sealed class ShardedWriter : IDisposable
{
    /// <summary>Bytes of a part. Default 4 GB: fits every file system, and a broken transfer costs one part.</summary>
    public const long DefaultPartBytes = 4_000_000_000;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string folder;
    private readonly TensorType type;
    private readonly List<List<(string Name, long[] Shape)>> parts = [[]];
    private SafetensorsWriter? current;
    private int part = -1;
    private long left;

    /// <param name="tensors">Every tensor, in the order in which its values will come.</param>
    public ShardedWriter(string folder, IReadOnlyList<(string Name, long[] Shape)> tensors, TensorType type, long partBytes = DefaultPartBytes)
    {
        this.folder = folder;
        this.type = type;
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            var size = Elements(tensor.Shape) * type.BlockBytes();
            if (parts[^1].Count > 0 && bytes + size > partBytes)
            {
                parts.Add([]);
                bytes = 0;
            }

            parts[^1].Add(tensor);
            bytes += size;
        }
    }

    /// <summary>Appends values of one tensor; tensors follow one another without a mark.</summary>
    public void Append(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty) return;
        if (left == 0) Next();
        if (values.Length > left) throw new InvalidOperationException($"'{folder}': {values.Length} values came where {left} were declared.");
        current!.Append(values);
        left -= values.Length;
    }

    public void Complete()
    {
        if (left != 0 || part != parts.Count - 1) throw new InvalidOperationException($"'{folder}': {left} declared values of part {part + 1} of {parts.Count} are missing.");
        current!.Complete();
        if (parts.Count == 1) return;
        var map = parts.SelectMany((tensors, i) => tensors.Select(tensor => (tensor.Name, File: Name(i)))).ToDictionary(pair => pair.Name, pair => pair.File);
        var total = parts.Sum(tensors => tensors.Sum(tensor => Elements(tensor.Shape))) * type.BlockBytes();
        File.WriteAllText(
            Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(new { metadata = new { total_size = total }, weight_map = map }, Indented) + "\n");
    }

    public void Dispose() => current?.Dispose();

    private void Next()
    {
        current?.Complete();
        current?.Dispose();
        current = new SafetensorsWriter(Path.Combine(folder, Name(++part)), parts[part], type);
        left = parts[part].Sum(tensor => Elements(tensor.Shape));
    }

    private string Name(int i) => parts.Count == 1 ? "model.safetensors" : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{parts.Count:00000}.safetensors");

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, size) => checked(product * size));
}

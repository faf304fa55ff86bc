using System.Text.Json;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>The tensors of a model that is spread over several safetensors files, as model.safetensors.index.json lists them.</summary>
public sealed class ShardedTensors : TensorFile
{
    private readonly IReadOnlyList<SafetensorsFile> _parts;
    private readonly Dictionary<string, SafetensorsFile> _partOf = new(StringComparer.Ordinal);

    private ShardedTensors(string path, IReadOnlyList<SafetensorsFile> parts)
        : base(path, [.. parts.SelectMany(part => part.Tensors)])
    {
        _parts = parts;
        foreach (var part in parts)
            foreach (var tensor in part.Tensors)
                _partOf.Add(tensor.Name, part);
    }

    /// <summary>Opens model.safetensors of a folder, or all parts that model.safetensors.index.json names.</summary>
    /// <exception cref="CheckpointException">Neither is there, or the parts do not hold what the index promises.</exception>
    public static TensorFile OpenFolder(string folder)
    {
        var (single, index) = (System.IO.Path.Combine(folder, "model.safetensors"), System.IO.Path.Combine(folder, "model.safetensors.index.json"));
        if (File.Exists(index)) return Open(index);
        return File.Exists(single)
            ? SafetensorsFile.Open(single)
            : throw new CheckpointException($"'{folder}' holds neither model.safetensors nor model.safetensors.index.json. Name the folder of a model in the safetensors format.");
    }

    /// <summary>Opens all parts that an index names. The index and the parts must list the same tensors.</summary>
    public static ShardedTensors Open(string indexPath)
    {
        var promised = ReadIndex(indexPath);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(indexPath))!;
        var parts = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            foreach (var (tensor, file) in promised)
            {
                if (!parts.TryGetValue(file, out var part)) parts[file] = part = OpenPart(indexPath, folder, file);
                if (!part.TryGetTensor(tensor, out _)) throw Broken(indexPath, $"it says that '{file}' holds the tensor '{tensor}', but it does not");
            }

            foreach (var (file, part) in parts)
                foreach (var tensor in part.Tensors)
                    if (promised.GetValueOrDefault(tensor.Name) != file)
                        throw Broken(indexPath, $"'{file}' holds the tensor '{tensor.Name}', which it does not list there");
            return new ShardedTensors(indexPath, [.. parts.Values]);
        }
        catch
        {
            foreach (var part in parts.Values) part.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void ReadRows(StoredTensor tensor, long firstRow, Span<float> destination) => PartOf(tensor).ReadRows(tensor, firstRow, destination);

    internal override ReadOnlySpan<byte> Slice(StoredTensor tensor, long offset, int length) => PartOf(tensor).Slice(tensor, offset, length);

    internal override Stream Stream(StoredTensor tensor) => PartOf(tensor).Stream(tensor);

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        foreach (var part in _parts) part.Dispose();
    }

    private SafetensorsFile PartOf(StoredTensor tensor) => _partOf.GetValueOrDefault(tensor.Name)
        ?? throw new ArgumentException($"Tensor {tensor} does not belong to '{Path}'.", nameof(tensor));

    private static SafetensorsFile OpenPart(string indexPath, string folder, string file)
    {
        if (System.IO.Path.GetFileName(file) != file || file is "" or "." or "..") throw Broken(indexPath, $"it names the part '{file}', which is no plain file name");
        var path = System.IO.Path.Combine(folder, file);
        return File.Exists(path) ? SafetensorsFile.Open(path) : throw Broken(indexPath, $"its part '{file}' is not there");
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
                && map.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String))
                return map.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal);
        }
        catch (JsonException error)
        {
            throw Broken(path, $"it is no valid JSON ({error.Message.TrimEnd('.')})", error);
        }

        throw Broken(path, "it has no \"weight_map\" from tensors to file names");
    }

    private static CheckpointException Broken(string path, string finding, Exception? inner = null) =>
        new($"'{path}' is not a usable index of safetensors files: {finding}. Fetch the model again.", inner!);
}

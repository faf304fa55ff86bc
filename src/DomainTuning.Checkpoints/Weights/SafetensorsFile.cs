using System.Buffers.Binary;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Weights;

/// <summary>
/// A safetensors file, opened by mapping it; the header is read and checked at once. Format: 8-byte little-endian length, JSON header,
/// data without holes (https://github.com/huggingface/safetensors).
/// </summary>
public sealed class SafetensorsFile : MappedTensorFile
{
    /// <summary>The format's own limit.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    private SafetensorsFile(string path, MappedFile file, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<StoredTensor> tensors)
        : base(path, file, tensors) => Metadata = metadata;

    /// <summary>What the writer noted down ("__metadata__").</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps the file and checks everything but the tensors' numbers.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="CheckpointException">The file is not a well-formed safetensors file, is cut off, or stores numbers in a way that is not supported.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path, "safetensors", minimumBytes: 10);
        try
        {
            var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, 8));
            if (headerBytes > MaxHeaderBytes || headerBytes > (ulong)file.Length - 8)
                throw Broken(path, $"its header should have {headerBytes} bytes, but the file has {file.Length} and a header may have {MaxHeaderBytes}");
            using var header = Parse(path, file.Slice(8, (int)headerBytes));
            var dataStart = 8 + (long)headerBytes;
            var metadata = new Dictionary<string, string>();
            var tensors = new List<StoredTensor>();
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.NameEquals("__metadata__")) ReadMetadata(path, entry.Value, metadata);
                else tensors.Add(ReadTensor(path, entry.Name, entry.Value, dataStart, file.Length));
            }

            CheckNoHoles(path, tensors, dataStart, file.Length);
            return new SafetensorsFile(path, file, metadata, tensors);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static JsonDocument Parse(string path, ReadOnlySpan<byte> header)
    {
        try
        {
            var document = JsonDocument.Parse(header.ToArray(), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            throw Broken(path, "its header is no JSON object");
        }
        catch (JsonException error)
        {
            throw Broken(path, $"its header is no valid JSON ({error.Message.TrimEnd('.')})", error);
        }
    }

    private static void ReadMetadata(string path, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Broken(path, "its __metadata__ is no JSON object");
        foreach (var entry in value.EnumerateObject())
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw Broken(path, $"its __metadata__ entry {entry.Name} is no text");
    }

    private static StoredTensor ReadTensor(string path, string name, JsonElement entry, long dataStart, long fileLength)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("dtype", out var type) || !entry.TryGetProperty("shape", out var dimensions) || !entry.TryGetProperty("data_offsets", out var offsets)
            || type.ValueKind != JsonValueKind.String || Numbers(dimensions) is not { } shape || Numbers(offsets) is not [var begin, var end])
            throw Broken(path, $"the entry of tensor '{name}' is not {{dtype, shape, data_offsets}}");
        var stored = Type(type.GetString()!)
            ?? throw new CheckpointException($"'{path}': tensor '{name}' is stored as {type.GetString()}, which is not supported; supported are F64, F32, F16, BF16 and integers. Use another file of the model.");
        var size = (UInt128)stored.BlockBytes();
        foreach (var dimension in shape)
            if ((size *= (ulong)dimension) > (ulong)fileLength)
                throw Broken(path, $"tensor '{name}' [{string.Join(", ", shape)}] {type.GetString()} is larger than the file");
        if (begin > end || (ulong)(end - begin) != size)
            throw Broken(path, $"tensor '{name}' [{string.Join(", ", shape)}] {type.GetString()} needs {size} bytes, but has the data offsets {begin} to {end}");
        if (end > fileLength - dataStart)
            throw Broken(path, $"tensor '{name}' should end at byte {(UInt128)dataStart + (ulong)end}, but the file ends at {fileLength}");
        return new StoredTensor(name, stored, shape, dataStart + begin, end - begin);
    }

    /// <summary>The data must be covered exactly: bytes that no tensor owns may hide something, bytes that two own are a mistake.</summary>
    private static void CheckNoHoles(string path, IEnumerable<StoredTensor> tensors, long dataStart, long fileLength)
    {
        var at = dataStart;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes))
        {
            if (tensor.Offset != at) throw Broken(path, $"tensor '{tensor.Name}' starts at byte {tensor.Offset}, but the one before ends at {at}");
            at += tensor.Bytes;
        }

        if (at != fileLength) throw Broken(path, $"its tensors end at byte {at}, but the file at {fileLength}");
    }

    private static long[]? Numbers(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) return null;
        var numbers = new long[list.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
            if (list[i].ValueKind != JsonValueKind.Number || !list[i].TryGetInt64(out numbers[i]) || numbers[i] < 0)
                return null;
        return numbers;
    }

    private static TensorType? Type(string dtype) => dtype switch
    {
        "F64" => TensorType.F64,
        "F32" => TensorType.F32,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        "I64" => TensorType.I64,
        "I32" => TensorType.I32,
        "I16" => TensorType.I16,
        "I8" => TensorType.I8,
        "U8" => TensorType.U8,
        "U16" => TensorType.U16,
        "U32" => TensorType.U32,
        "U64" => TensorType.U64,
        "BOOL" => TensorType.Bool,
        _ => null,
    };

    private static CheckpointException Broken(string path, string finding, Exception? inner = null) =>
        new($"'{path}' is not a usable safetensors file: {finding}. The file is incomplete or damaged: fetch it again.", inner!);
}

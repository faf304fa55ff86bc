using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Checkpoints.Decoders;
using Microsoft.Win32.SafeHandles;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The file that holds a model's tensors (ONNX "external data"), being written. Each tensor begins at a multiple of 4096 bytes, so that ONNX Runtime
/// can map the file instead of reading it. A journal beside it names what is complete, with a hash: opened again after a kill, the file goes on behind
/// the last entry that is as it was written.
/// </summary>
internal sealed class WeightsFile : IDisposable
{
    /// <summary>The name that graphs refer to.</summary>
    public const string FileName = "weights.bin";

    private const string JournalName = "journal.jsonl";
    private const int Alignment = 4096;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true, Converters = { new JsonStringEnumConverter() } };

    private readonly string folder;
    private readonly SafeFileHandle handle;
    private readonly StreamWriter journal;
    private readonly Dictionary<string, PackedTensor> tensors = [];
    private readonly Dictionary<string, PackedLinear> linears = [];
    private readonly List<PackedTensor> open = []; // of the entry that is being written
    private long end;

    /// <param name="folder">Gets weights.bin and its journal; goes on with those that are there.</param>
    /// <param name="cancellationToken">Obeyed between slices of a few megabytes.</param>
    public WeightsFile(string folder, CancellationToken cancellationToken = default)
    {
        this.folder = folder;
        CancellationToken = cancellationToken;
        handle = File.OpenHandle(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var kept = KeptEntries(Path.Combine(folder, JournalName));
        RandomAccess.SetLength(handle, end);
        File.WriteAllLines(Path.Combine(folder, JournalName), kept);
        journal = new StreamWriter(Path.Combine(folder, JournalName), append: true) { AutoFlush = true };
    }

    public CancellationToken CancellationToken { get; }

    /// <summary>What has been written so far.</summary>
    public PackedWeights Packed => new(tensors, linears);

    /// <summary>Appends a tensor, little-endian. One that is there already is left.</summary>
    public void Append<T>(string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        if (tensors.ContainsKey(name)) return;
        Part(name, shape, values);
        Commit(null);
    }

    public void Append<T>(string name, ReadOnlySpan<long> shape, T[] values) where T : unmanaged => Append<T>(name, shape, values.AsSpan());

    /// <summary>Appends a linear layer in one of its forms. One that is there already is left.</summary>
    public void AppendLinear(LinearKind kind, string name, LinearWeights w)
    {
        if (linears.ContainsKey(name)) return;
        LinearForm.Of(kind).Pack(this, name, w);
        if (w.Bias is not null) Part<float>(name + ".bias", [w.Rows], w.Bias);
        w.Release();
        Commit(new PackedLinear(name, kind, w.Rows, w.Columns));
    }

    /// <summary>A second look, in another shape, at a tensor that is there.</summary>
    public void Alias(string name, ReadOnlySpan<long> shape, string original) => tensors[name] = tensors[original] with { Name = name, Shape = shape.ToArray() };

    /// <summary>Part of the entry that is being written: room for a tensor whose values come in slices.</summary>
    public OpenTensor<T> Open<T>(string name, ReadOnlySpan<long> shape) where T : unmanaged
    {
        var count = 1L;
        foreach (var size in shape) count *= size;
        var tensor = new PackedTensor(name, OnnxTypes.Of<T>(), shape.ToArray(), (end + Alignment - 1) / Alignment * Alignment, count * Unsafe.SizeOf<T>());
        end = tensor.Offset + tensor.Length;
        open.Add(tensor);
        return new OpenTensor<T>(handle, tensor, CancellationToken);
    }

    /// <summary>Part of the entry that is being written.</summary>
    public void Part<T>(string name, ReadOnlySpan<long> shape, ReadOnlySpan<T> values) where T : unmanaged
    {
        var tensor = Open<T>(name, shape);
        if (tensor.Count != values.Length) throw new ArgumentException($"Tensor '{name}' has {values.Length} values, its shape [{string.Join(", ", shape.ToArray())}] asks for {tensor.Count}.", nameof(values));
        tensor.Write(0, values);
    }

    /// <summary>Writes tensors.json, flushes to the disk, so that a full disk shows here and not after the rename, and drops the journal.</summary>
    public void Complete()
    {
        RandomAccess.FlushToDisk(handle);
        Packed.Write(folder);
        journal.Dispose();
        File.Delete(Path.Combine(folder, JournalName));
    }

    public void Dispose()
    {
        journal.Dispose();
        handle.Dispose();
    }

    private void Commit(PackedLinear? linear)
    {
        var entry = new Entry([.. open], linear, Hash(open)!);
        open.Clear();
        Add(entry);
        journal.WriteLine(JsonSerializer.Serialize(entry, Json));
    }

    private void Add(Entry entry)
    {
        foreach (var tensor in entry.Tensors) tensors.Add(tensor.Name, tensor);
        if (entry.Linear is not null) linears.Add(entry.Linear.Name, entry.Linear);
    }

    private List<string> KeptEntries(string path)
    {
        var kept = new List<string>();
        if (!File.Exists(path)) return kept;
        foreach (var line in File.ReadLines(path))
        {
            if (Read(line) is not { } entry || Hash(entry.Tensors) != entry.Sha256) break;
            Add(entry);
            end = entry.Tensors.Max(tensor => tensor.Offset + tensor.Length);
            kept.Add(line);
        }

        return kept;

        static Entry? Read(string line)
        {
            try
            {
                return JsonSerializer.Deserialize<Entry>(line, Json);
            }
            catch (JsonException) // the kill came while it was written
            {
                return null;
            }
        }
    }

    /// <summary>SHA-256 of the tensors' bytes in the file; null where the file is too short.</summary>
    private string? Hash(IReadOnlyList<PackedTensor> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (var tensor in entry)
            for (var done = 0L; done < tensor.Length;)
            {
                CancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.Length - done)), tensor.Offset + done);
                if (read == 0) return null;
                hash.AppendData(buffer, 0, read);
                done += read;
            }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Entry(IReadOnlyList<PackedTensor> Tensors, PackedLinear? Linear, string Sha256);
}

/// <summary>A tensor in weights.bin that is being written.</summary>
internal sealed class OpenTensor<T>(SafeFileHandle handle, PackedTensor tensor, CancellationToken cancellationToken) where T : unmanaged
{
    private const int SliceElements = 1 << 20;

    public long Count { get; } = tensor.Length / Unsafe.SizeOf<T>();

    /// <summary>Writes values from an element on.</summary>
    public void Write(long element, ReadOnlySpan<T> values)
    {
        if (element < 0 || element > Count - values.Length) throw new ArgumentOutOfRangeException(nameof(element), element, $"{values.Length} values do not fit into '{tensor.Name}', which has {Count}.");
        for (var start = 0; start < values.Length; start += SliceElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RandomAccess.Write(handle, MemoryMarshal.AsBytes(values[start..Math.Min(values.Length, start + SliceElements)]), tensor.Offset + (element + start) * Unsafe.SizeOf<T>());
        }
    }

    /// <summary>Writes rows of a matrix of so many rows as columns of this tensor, [columns, all rows].</summary>
    public void WriteTransposed(int firstRow, int count, ReadOnlySpan<T> rows, int columns, int allRows)
    {
        var transposed = new T[(long)count * columns]; // [columns, count]
        Transpose.Run(rows[..(count * columns)], transposed, count, columns);
        if (count == allRows)
        {
            Write(0, transposed);
            return;
        }

        for (var column = 0; column < columns; column++) Write((long)column * allRows + firstRow, transposed.AsSpan(column * count, count));
    }
}

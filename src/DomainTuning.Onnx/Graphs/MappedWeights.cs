using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The weights of a packed model, mapped once for all graphs over them. ONNX Runtime shares what its kernels make of a weight between sessions only where
/// the weight was handed in and the sessions share a container; left to itself, each session keeps a copy. Opening graphs is thread-safe; dispose this
/// after the last of them.
/// </summary>
internal sealed unsafe class MappedWeights : IDisposable
{
    private readonly PackedModel model;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private readonly Dictionary<string, OrtValue> values = new(StringComparer.Ordinal);
    private readonly PrePackedWeightsContainer prepacked = new();
    private readonly Lock gate = new();
    private bool disposed;

    public MappedWeights(PackedModel model)
    {
        this.model = model;
        file = MemoryMappedFile.CreateFromFile(Path.Combine(model.Folder, WeightsFile.FileName), FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        start += view.PointerOffset;
        foreach (var tensor in model.Weights.Tensors.Values)
            values.Add(tensor.Name, OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (TensorElementType)tensor.Type, [.. tensor.Shape], (nint)(start + tensor.Offset), tensor.Length));
    }

    /// <summary>Loads a graph over these weights.</summary>
    /// <param name="graph">An ONNX model that refers to them.</param>
    /// <param name="stored">Names of the weights that the graph refers to.</param>
    public InferenceSession Open(byte[] graph, IEnumerable<string> stored, SessionOptions options)
    {
        lock (gate)
        {
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetFullPath(model.Folder));
            foreach (var name in stored) options.AddInitializer(name, values[name]);
            return new InferenceSession(graph, options, prepacked);
        }
    }

    /// <summary>The numbers of a float tensor; null where the model has none of that name.</summary>
    public float[]? Read(string name) =>
        model.Weights.Tensors.TryGetValue(name, out var tensor) ? [.. MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(start + tensor.Offset, (int)tensor.Length))] : null;

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        foreach (var value in values.Values) value.Dispose();
        prepacked.Dispose();
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}

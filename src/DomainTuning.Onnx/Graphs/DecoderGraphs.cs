using System.Collections.Concurrent;
using DomainTuning.Onnx.Adapters;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The loaded graphs of one model: the plain one, and one for each combination of inputs that adapters need, opened when the first such adapter comes.
/// They share the weights and what the kernels made of them. Thread-safe.
/// </summary>
internal sealed class DecoderGraphs : IDisposable
{
    private readonly PackedModel model;
    private readonly int threads;
    private readonly bool measurePeaks;
    private readonly KeyValueScales? scales;
    private readonly ConcurrentDictionary<AdapterParts, Lazy<InferenceSession>> sessions = new();

    /// <param name="scales">Of keys and values in bytes; null for floats.</param>
    public DecoderGraphs(PackedModel model, int threads, bool measurePeaks, KeyValueScales? scales)
    {
        this.model = model;
        this.threads = threads;
        this.measurePeaks = measurePeaks;
        this.scales = scales;
        Weights = new MappedWeights(model);
        try
        {
            Of(AdapterParts.None);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MappedWeights Weights { get; }

    /// <summary>The graph with these inputs; opening one takes a fraction of a second.</summary>
    public InferenceSession Of(AdapterParts parts) => sessions.GetOrAdd(parts, _ => new Lazy<InferenceSession>(() => Open(parts))).Value;

    public void Dispose()
    {
        foreach (var session in sessions.Values)
            if (session.IsValueCreated) session.Value.Dispose();
        Weights.Dispose();
    }

    private InferenceSession Open(AdapterParts parts)
    {
        using var options = DecoderSession.CreateOptions(threads);
        // Threads that spin for a graph's next run would take the processors from the other graph's.
        if (parts != AdapterParts.None) options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        var graph = DecoderGraph.Write(model.Shape, model.Weights, out var stored, measurePeaks, parts, scales);
        return Weights.Open(graph, stored, options);
    }
}

using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// A loaded decoder graph (<see cref="DecoderGraph"/>) with its cache: runs tokens through slots and gives logits. It keeps no books on the slots'
/// lengths and is not thread-safe; that is the business of whoever schedules.
/// </summary>
internal sealed class DecoderSession : IDisposable
{
    private readonly DecoderGraphs graphs;
    private readonly RunOptions run = new();
    private readonly NativeBuffer<long> ids, picks;
    private readonly NativeBuffer<int> last, total;
    private readonly string[] inputNames, outputNames;
    private readonly ConditionalWeakTable<LoadedAdapter, string[]> adaptedNames = [];
    private readonly OrtValue totalValue;
    private NativeBuffer<float> logits;
    private int logitsCapacity = 1;

    /// <param name="slots">Sequences at once.</param>
    /// <param name="capacity">Tokens a sequence.</param>
    /// <param name="threads">Threads of a run, the caller's included.</param>
    /// <param name="measurePeaks">The graph also gives what <see cref="AddPeaks"/> reads.</param>
    /// <param name="keyValues">How the cache keeps its numbers; bytes need the scales that a conversion leaves.</param>
    public DecoderSession(PackedModel model, int slots, int capacity, int threads, bool measurePeaks = false, KeyValueForm keyValues = KeyValueForm.Float32)
    {
        Shape = model.Shape;
        graphs = new DecoderGraphs(model, threads, measurePeaks, keyValues == KeyValueForm.Int8 ? KeyValueScales.Read(model.Folder) : null);
        Cache = new KeyValueCache(Shape, slots, capacity, keyValues);
        ids = new NativeBuffer<long>(Math.Max(capacity, slots));
        picks = new NativeBuffer<long>(Math.Max(capacity, slots));
        last = new NativeBuffer<int>(slots);
        total = new NativeBuffer<int>(1);
        totalValue = total.Tensor(TensorElementType.Int32, []);
        logits = new NativeBuffer<float>(Shape.Vocabulary);
        inputNames = [DecoderGraph.Ids, DecoderGraph.Last, DecoderGraph.Total, DecoderGraph.Picks, .. Layers(i => [DecoderGraph.PastKey(i), DecoderGraph.PastValue(i)])];
        outputNames = [DecoderGraph.Logits, .. Layers(i => [DecoderGraph.PresentKey(i), DecoderGraph.PresentValue(i)])];
    }

    public DecoderShape Shape { get; }

    public KeyValueCache Cache { get; }

    /// <summary>The graph's weights as they are stored.</summary>
    public MappedWeights Weights => graphs.Weights;

    /// <summary>How every chat graph runs: sequential, on so many threads, with byte products widened where the processor would saturate them.</summary>
    public static SessionOptions CreateOptions(int threads)
    {
        var options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        };
        ByteProducts.Configure(options);
        return options;
    }

    /// <summary>
    /// Runs the next tokens of a run of slots: one token each for several slots, or several tokens for one slot (the attention kernel takes no more
    /// than one new token a row when a batch has a past).
    /// </summary>
    /// <param name="tokens">[slots, time]</param>
    /// <param name="totals">[slots] length of each sequence after this run.</param>
    /// <param name="wanted">Positions (row · time + step) whose logits are wanted; at least one.</param>
    /// <param name="adapter">Changes the weights for all of these rows; null for the model as it is.</param>
    /// <returns>[wanted, vocabulary]; valid until the next run.</returns>
    public ReadOnlySpan<float> Run(int firstSlot, ReadOnlySpan<int> tokens, ReadOnlySpan<int> totals, ReadOnlySpan<int> wanted, LoadedAdapter? adapter = null) =>
        Run(firstSlot, tokens, totals, wanted, adapter, [], []);

    /// <summary>
    /// Natural-log probabilities of the tokens from <paramref name="from"/> on, each given all before it, in slot 0 from an empty cache.
    /// </summary>
    /// <param name="from">At least 1: the first token follows nothing.</param>
    public double[] LogProbabilities(ReadOnlySpan<int> tokens, int from, CancellationToken cancellationToken)
    {
        const int Chunk = 128; // bounds the logits: 128 · 49,152 floats are 25 MB
        var result = new double[tokens.Length - from];
        for (var start = 0; start < tokens.Length - 1; start += Chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = tokens[start..Math.Min(tokens.Length - 1, start + Chunk)];
            var firstWanted = Math.Clamp(from - 1 - start, 0, chunk.Length - 1); // a chunk before the target still needs one pick
            int[] wanted = [.. Enumerable.Range(firstWanted, chunk.Length - firstWanted)];
            var rows = Run(0, chunk, [start + chunk.Length], wanted);
            for (var i = 0; i < wanted.Length; i++)
            {
                var target = start + wanted[i] + 1;
                if (target >= from) result[target - from] = Logits.LogProbability(rows.Slice(i * Shape.Vocabulary, Shape.Vocabulary), tokens[target]);
            }
        }

        return result;
    }

    /// <summary>Opens the graph that an adapter needs, so that its first run does not wait for that. May be called from any thread.</summary>
    public void Prepare(LoadedAdapter adapter) => graphs.Of(adapter.Parts);

    /// <summary>Runs a window in slot 0 from an empty cache and adds its share, a window's, of the largest activations to the mean. The graph must have been written to measure them.</summary>
    public void AddPeaks(ReadOnlySpan<int> tokens, IReadOnlyList<ActivationPeaks> mean, int windows)
    {
        float[][] targets = [.. mean.SelectMany(layer => new[] { layer.AttentionInput, layer.AttentionMix, layer.FeedForwardInput, layer.Gated })];
        float[][] seen = [.. targets.Select(target => new float[target.Length])];
        OrtValue[] values = [.. seen.Select(array => OrtValue.CreateTensorValueFromMemory(array, [array.Length]))];
        try
        {
            Run(0, tokens, [tokens.Length], [tokens.Length - 1], null, [.. Enumerable.Range(0, values.Length).Select(i => DecoderGraph.Peak(i / 4, i % 4))], values);
        }
        finally
        {
            foreach (var value in values) value.Dispose();
        }

        for (var i = 0; i < targets.Length; i++) TensorPrimitives.MultiplyAdd(seen[i], 1f / windows, targets[i], targets[i]);
    }

    public void Dispose()
    {
        graphs.Dispose();
        run.Dispose();
        totalValue.Dispose();
        Cache.Dispose();
        ids.Dispose();
        picks.Dispose();
        last.Dispose();
        total.Dispose();
        logits.Dispose();
    }

    private ReadOnlySpan<float> Run(
        int firstSlot, ReadOnlySpan<int> tokens, ReadOnlySpan<int> totals, ReadOnlySpan<int> wanted, LoadedAdapter? adapter, string[] moreOutputs, OrtValue[] moreValues)
    {
        var batch = totals.Length;
        var time = tokens.Length / batch;
        var idSpan = ids.Span(0, tokens.Length);
        for (var i = 0; i < tokens.Length; i++) idSpan[i] = tokens[i];
        var pickSpan = picks.Span(0, wanted.Length);
        for (var i = 0; i < wanted.Length; i++) pickSpan[i] = wanted[i];
        var lastSpan = last.Span(0, batch);
        var longest = 0;
        for (var i = 0; i < batch; i++)
        {
            lastSpan[i] = totals[i] - 1;
            longest = Math.Max(longest, totals[i]);
        }

        if (longest > Cache.Capacity) throw new ArgumentOutOfRangeException(nameof(totals), longest, $"The cache holds {Cache.Capacity} tokens a sequence.");
        total.Span(0, 1)[0] = longest;
        EnsureLogits(wanted.Length);

        using var idValue = ids.Tensor(TensorElementType.Int64, [batch, time]);
        using var lastValue = last.Tensor(TensorElementType.Int32, [batch]);
        using var pickValue = picks.Tensor(TensorElementType.Int64, [wanted.Length]);
        using var logitsValue = logits.Tensor(TensorElementType.Float, [wanted.Length, Shape.Vocabulary]);
        var cache = Cache.View(firstSlot, batch);
        var names = NamesFor(adapter);
        OrtValue[] values = [idValue, lastValue, totalValue, pickValue, .. cache, .. adapter?.Values ?? []];
        graphs.Of(adapter?.Parts ?? AdapterParts.None).Run(run, names, values, moreOutputs.Length == 0 ? outputNames : [.. outputNames, .. moreOutputs], [logitsValue, .. cache, .. moreValues]);
        return logits.Span(0, wanted.Length * Shape.Vocabulary);
    }

    private string[] NamesFor(LoadedAdapter? adapter) =>
        adapter is null ? inputNames : adaptedNames.GetValue(adapter, adapter => [.. inputNames, .. adapter.InputNames]);

    private IEnumerable<string> Layers(Func<int, string[]> names) => Enumerable.Range(0, Shape.Layers).SelectMany(names);

    private void EnsureLogits(int rows)
    {
        if (rows <= logitsCapacity) return;
        logits.Dispose();
        logits = new NativeBuffer<float>((long)rows * Shape.Vocabulary);
        logitsCapacity = rows;
    }
}

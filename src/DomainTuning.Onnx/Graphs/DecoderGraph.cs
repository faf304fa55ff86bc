using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Writes a decoder as an ONNX model with a key/value cache that is updated in place.
/// Inputs: ids [batch, time]; last [batch], each row's total length minus one; total, the longest total length; picks [n], the positions (row · time +
/// step) whose logits are wanted; past.{layer}.key and .value [batch, key/value heads, capacity, head].
/// Outputs: logits [n, vocabulary]; present.{layer}.key and .value, to be bound to the same memory as the past.
/// </summary>
internal static class DecoderGraph
{
    public const string Ids = "ids", Last = "last", Total = "total", Picks = "picks", Logits = "logits";

    /// <summary>Behind the names of the rotary tables of layers with a window, where they have their own.</summary>
    public const string WindowSuffix = ".window";

    private const string Shaped = "shaped"; // [batch, time, -1]

    public static string PastKey(int layer) => $"past.{layer}.key";

    public static string PastValue(int layer) => $"past.{layer}.value";

    public static string PresentKey(int layer) => $"present.{layer}.key";

    public static string PresentValue(int layer) => $"present.{layer}.value";

    /// <summary>Names of the four peak outputs of a layer, in the order of <see cref="ActivationPeaks"/>.</summary>
    public static string Peak(int layer, int input) => $"peak.{layer}.{input}";

    /// <param name="stored">Names of the weights that the graph refers to.</param>
    /// <param name="measurePeaks">Adds outputs with the largest magnitude of each channel of each linear input.</param>
    /// <param name="parts">Adds inputs for adapters.</param>
    /// <param name="scales">Keeps keys and values in bytes with these; null in floats.</param>
    public static byte[] Write(
        DecoderShape shape, PackedWeights packed, out IReadOnlyCollection<string> stored, bool measurePeaks = false, AdapterParts parts = default, KeyValueScales? scales = null)
    {
        var graph = new OnnxGraph(packed);
        graph.Input(Ids, OnnxType.Int64, "batch", "time");
        graph.Input(Last, OnnxType.Int32, "batch");
        graph.Input(Total, OnnxType.Int32);
        graph.Input(Picks, OnnxType.Int64, "picks");
        graph.Output(Logits, OnnxType.Float, "picks", shape.Vocabulary);
        var adapter = new AdapterNodes(graph, parts);
        string Linear(AdapterSite site, int layer, string x)
        {
            var linear = packed.Linears[AdapterParts.Name(site, layer)];
            var (name, bias) = (linear.Name, linear.Name + ".bias");
            var y = adapter.Add(site, name, x, LinearForm.Of(linear.Kind).Add(graph, x, name, linear.Rows, linear.Columns, name + ".xw", adapter.Flat), linear.Rows, linear.Columns);
            return graph.Stores(bias) ? graph.Node("Add", [y, graph.Stored(bias)], name + ".y") : y;
        }

        var residual = VocabularyTables.AddEmbedding(graph, shape, packed, Ids, adapter);
        if (adapter.Flat)
        {
            graph.Node("Shape", [Ids], "batch_time");
            graph.Node("Concat", ["batch_time", graph.Constant("rest", [1], [-1L])], [Shaped], "", ("axis", 0));
            residual = AddFlat(graph, residual, shape.Hidden, "embedded_flat");
        }

        var update = ""; // what the next norm adds to the residual stream before it normalises
        for (var i = 0; i < shape.Layers; i++)
        {
            var p = $"blk.{i}.";
            void Measure(string x, int input)
            {
                if (!measurePeaks) return;
                graph.Node("Abs", [x], x + ".magnitude");
                graph.Node("ReduceMax", [x + ".magnitude", graph.Constant("token_axes", [2], [0L, 1L])], [Peak(i, input)], "", ("keepdims", 0));
                graph.Output(Peak(i, input), OnnxType.Float, "channels");
            }

            var normed = AddNorm(graph, p + "attn_norm", ref residual, update, shape);
            Measure(normed, 0);
            var mix = AddAttention(graph, Linear(AdapterSite.Qkv, i, normed), i, shape, scales, adapter.Flat);
            Measure(mix, 1);
            update = AddPostNorm(graph, p + "attn_post_norm", Linear(AdapterSite.Output, i, mix), shape);

            normed = AddNorm(graph, p + "ffn_norm", ref residual, update, shape);
            Measure(normed, 2);
            graph.Node("Split", [Linear(AdapterSite.GateUp, i, normed)], [p + "gate", p + "up"], "", ("axis", -1), ("num_outputs", 2));
            var gated = graph.Node("Mul", [AddActivation(graph, p, shape), p + "up"], p + "gated");
            Measure(gated, 3);
            update = AddPostNorm(graph, p + "ffn_post_norm", Linear(AdapterSite.Down, i, gated), shape);
        }

        var final = AddNorm(graph, "output_norm", ref residual, update, shape);
        if (!adapter.Flat) final = AddFlat(graph, final, shape.Hidden, "flat_final");
        graph.Node("Gather", [final, Picks], ["picked"], "", ("axis", 0)); // [picks, hidden]
        VocabularyTables.AddHead(graph, shape, packed, "picked", Logits, adapter);
        stored = graph.StoredNames;
        return graph.ToArray();
    }

    private static string AddNorm(OnnxGraph graph, string name, ref string residual, string update, DecoderShape shape)
    {
        if (update.Length == 0) return AddPlainNorm(graph, residual, name, name + ".y", shape.NormEpsilon);
        graph.Node("SkipSimplifiedLayerNormalization", [residual, update, graph.Stored(name)], [name + ".y", "", "", name + ".residual"], OnnxGraph.Microsoft, ("epsilon", shape.NormEpsilon));
        residual = name + ".residual";
        return name + ".y";
    }

    private static string AddPostNorm(OnnxGraph graph, string name, string x, DecoderShape shape) =>
        shape.PostNorms ? AddPlainNorm(graph, x, name, name + ".y", shape.NormEpsilon) : x;

    private static string AddPlainNorm(OnnxGraph graph, string x, string name, string y, float epsilon)
    {
        graph.Node("SimplifiedLayerNormalization", [x, graph.Stored(name)], [y], "", ("axis", -1), ("epsilon", epsilon), ("stash_type", 1));
        return y;
    }

    /// <summary>The gate's activation.</summary>
    private static string AddActivation(OnnxGraph graph, string p, DecoderShape shape)
    {
        if (shape.Activation == GateActivation.TanhGelu) return graph.Node("FastGelu", [p + "gate"], p + "gelu", OnnxGraph.Microsoft);
        graph.Node("Sigmoid", [p + "gate"], p + "sigmoid");
        return graph.Node("Mul", [p + "gate", p + "sigmoid"], p + "silu");
    }

    /// <summary>[batch, time, width] to [tokens, width].</summary>
    private static string AddFlat(OnnxGraph graph, string x, int width, string y) => graph.Node("Reshape", [x, graph.Constant($"flat.{width}", [2], [-1L, width])], y);

    private static string AddAttention(OnnxGraph graph, string qkv, int layer, DecoderShape shape, KeyValueScales? scales, bool flat)
    {
        if (flat) qkv = graph.Node("Reshape", [qkv, Shaped], $"blk.{layer}.attn_qkv.shaped");
        Dim[] cache = ["batch", shape.KeyValueHeads, "capacity", shape.HeadDimensions];
        var type = scales is null ? OnnxType.Float : OnnxType.Int8;
        graph.Input(PastKey(layer), type, cache);
        graph.Input(PastValue(layer), type, cache);
        graph.Output(PresentKey(layer), type, cache);
        graph.Output(PresentValue(layer), type, cache);
        var mix = $"blk.{layer}.attn_mix";
        var window = shape.Window(layer);
        var tables = window > 0 && shape.WindowRope is not null ? WindowSuffix : "";
        string[] inputs = shape.HeadNorms ? AddHeadNorms(graph, qkv, $"blk.{layer}.attn_", shape) : [qkv, "", ""];
        inputs = [.. inputs, PastKey(layer), PastValue(layer), Last, Total, graph.Stored("cos" + tables), graph.Stored("sin" + tables)];
        (string, object)[] attributes =
        [
            ("num_heads", shape.Heads), ("kv_num_heads", shape.KeyValueHeads), ("do_rotary", 1), ("scale", shape.AttentionScale), ("local_window_size", window > 0 ? window : -1),
        ];
        if (scales is not null)
        {
            string Scale(string name, float[] values) => graph.Constant($"blk.{layer}.{name}", [1, shape.KeyValueHeads, 1, shape.HeadDimensions], values);
            inputs = [.. inputs, "", "", "", Scale("key_scale", scales.Keys[layer]), Scale("value_scale", scales.Values[layer])];
            attributes = [.. attributes, ("k_quant_type", "PER_CHANNEL"), ("v_quant_type", "PER_CHANNEL"), ("kv_cache_bit_width", 8)];
        }

        graph.Node("GroupQueryAttention", inputs, [mix, PresentKey(layer), PresentValue(layer)], OnnxGraph.Microsoft, attributes);
        return flat ? AddFlat(graph, mix, shape.Heads * shape.HeadDimensions, mix + ".flat") : mix;
    }

    /// <summary>q, k and v apart, q and k with a norm of each head. (The kernel's own inputs for these norms are refused on the CPU.)</summary>
    private static string[] AddHeadNorms(OnnxGraph graph, string qkv, string p, DecoderShape shape)
    {
        long queries = shape.Heads * shape.HeadDimensions, keys = shape.KeyValueHeads * shape.HeadDimensions;
        graph.Node("Split", [qkv, graph.Constant("qkv_sizes", [3], [queries, keys, keys])], [p + "q", p + "k", p + "v"], "", ("axis", -1));
        string Norm(string part, int heads)
        {
            graph.Node("Reshape", [p + part, graph.Constant($"heads.{heads}", [4], [0L, 0L, heads, shape.HeadDimensions])], p + part + ".heads");
            AddPlainNorm(graph, p + part + ".heads", p + part + "_norm", p + part + ".normed", shape.NormEpsilon);
            return graph.Node("Reshape", [p + part + ".normed", graph.Constant("joined", [3], [0L, 0L, -1L])], p + part + ".joined");
        }

        return [Norm("q", shape.Heads), Norm("k", shape.KeyValueHeads), p + "v"];
    }
}

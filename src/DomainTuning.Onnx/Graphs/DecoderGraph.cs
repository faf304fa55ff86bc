namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Writes a llama-architecture decoder as an ONNX model with a key/value cache that is updated in place.
/// Inputs: ids [batch, time]; last [batch], each row's total length minus one; total, the longest total length; picks [n], the positions (row · time +
/// step) whose logits are wanted; past.{layer}.key and .value [batch, key/value heads, capacity, head].
/// Outputs: logits [n, vocabulary]; present.{layer}.key and .value, to be bound to the same memory as the past.
/// </summary>
internal static class DecoderGraph
{
    public const string Ids = "ids", Last = "last", Total = "total", Picks = "picks", Logits = "logits";

    public static string PastKey(int layer) => $"past.{layer}.key";

    public static string PastValue(int layer) => $"past.{layer}.value";

    public static string PresentKey(int layer) => $"present.{layer}.key";

    public static string PresentValue(int layer) => $"present.{layer}.value";

    /// <summary>Names of the four peak outputs of a layer, in the order of <see cref="ActivationPeaks"/>.</summary>
    public static string Peak(int layer, int input) => $"peak.{layer}.{input}";

    /// <param name="measurePeaks">Adds outputs with the largest magnitude of each channel of each linear input.</param>
    public static byte[] Write(DecoderShape shape, PackedWeights packed, bool measurePeaks = false)
    {
        var graph = new OnnxGraph(packed);
        graph.Input(Ids, OnnxType.Int64, "batch", "time");
        graph.Input(Last, OnnxType.Int32, "batch");
        graph.Input(Total, OnnxType.Int32);
        graph.Input(Picks, OnnxType.Int64, "picks");
        graph.Output(Logits, OnnxType.Float, "picks", shape.Vocabulary);
        string Linear(string name, string x)
        {
            var linear = packed.Linears[name];
            return LinearForm.Of(linear.Kind).Add(graph, x, name, linear.Rows, linear.Columns, name + ".y");
        }

        var residual = VocabularyTables.AddEmbedding(graph, shape, packed, Ids);
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
            var mix = AddAttention(graph, Linear(p + "attn_qkv", normed), i, shape);
            Measure(mix, 1);
            update = Linear(p + "attn_output", mix);

            normed = AddNorm(graph, p + "ffn_norm", ref residual, update, shape);
            Measure(normed, 2);
            graph.Node("Split", [Linear(p + "ffn_gate_up", normed)], [p + "gate", p + "up"], "", ("axis", -1), ("num_outputs", 2));
            graph.Node("Sigmoid", [p + "gate"], p + "sigmoid");
            graph.Node("Mul", [p + "gate", p + "sigmoid"], p + "silu");
            var gated = graph.Node("Mul", [p + "silu", p + "up"], p + "gated");
            Measure(gated, 3);
            update = Linear(p + "ffn_down", gated);
        }

        var final = AddNorm(graph, "output_norm", ref residual, update, shape); // [batch, time, hidden]
        graph.Node("Reshape", [final, graph.Constant("flat", [2], [-1L, shape.Hidden])], "flat_final");
        graph.Node("Gather", ["flat_final", Picks], ["picked"], "", ("axis", 0)); // [picks, hidden]
        VocabularyTables.AddHead(graph, shape, packed, "picked", Logits);
        return graph.ToArray();
    }

    private static string AddNorm(OnnxGraph graph, string name, ref string residual, string update, DecoderShape shape)
    {
        var gamma = graph.Stored(name);
        if (update.Length == 0)
        {
            graph.Node("SimplifiedLayerNormalization", [residual, gamma], [name + ".y"], "", ("axis", -1), ("epsilon", shape.NormEpsilon), ("stash_type", 1));
            return name + ".y";
        }

        graph.Node("SkipSimplifiedLayerNormalization", [residual, update, gamma], [name + ".y", "", "", name + ".residual"], OnnxGraph.Microsoft, ("epsilon", shape.NormEpsilon));
        residual = name + ".residual";
        return name + ".y";
    }

    private static string AddAttention(OnnxGraph graph, string qkv, int layer, DecoderShape shape)
    {
        Dim[] cache = ["batch", shape.KeyValueHeads, "capacity", shape.HeadDimensions];
        graph.Input(PastKey(layer), OnnxType.Float, cache);
        graph.Input(PastValue(layer), OnnxType.Float, cache);
        graph.Output(PresentKey(layer), OnnxType.Float, cache);
        graph.Output(PresentValue(layer), OnnxType.Float, cache);
        var mix = $"blk.{layer}.attn_mix";
        graph.Node(
            "GroupQueryAttention",
            [qkv, "", "", PastKey(layer), PastValue(layer), Last, Total, graph.Stored("cos"), graph.Stored("sin")],
            [mix, PresentKey(layer), PresentValue(layer)],
            OnnxGraph.Microsoft,
            ("num_heads", shape.Heads),
            ("kv_num_heads", shape.KeyValueHeads),
            ("do_rotary", 1));
        return mix;
    }
}

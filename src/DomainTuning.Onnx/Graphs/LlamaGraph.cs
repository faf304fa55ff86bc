namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Writes a llama-architecture decoder as an ONNX model with a key/value cache that is updated in place.
/// Inputs: ids [batch, time]; last [batch], each row's total length minus one; total, the longest total length; picks [n], the positions (row · time +
/// step) whose logits are wanted; past.{layer}.key and .value [batch, key/value heads, capacity, head].
/// Outputs: logits [n, vocabulary]; present.{layer}.key and .value, to be bound to the same memory as the past.
/// Adapters have a room here: every linear layer goes through one <see cref="LinearForm"/>, to which optional low-rank inputs can be added.
/// </summary>
internal static class LlamaGraph
{
    public const string Ids = "ids", Last = "last", Total = "total", Picks = "picks", Logits = "logits";

    public static string PastKey(int layer) => $"past.{layer}.key";

    public static string PastValue(int layer) => $"past.{layer}.value";

    public static string PresentKey(int layer) => $"present.{layer}.key";

    public static string PresentValue(int layer) => $"present.{layer}.value";

    /// <summary>Names of the four peak outputs of a layer, in the order of <see cref="ActivationPeaks"/>.</summary>
    public static string Peak(int layer, int input) => $"peak.{layer}.{input}";

    /// <param name="form">Not Auto.</param>
    /// <param name="peaks">Smooths with these, one a layer.</param>
    /// <param name="measurePeaks">Adds outputs with the largest magnitude of each channel of each linear input.</param>
    /// <param name="progress">Called with the share of layers written.</param>
    public static byte[] Write(LlamaWeights weights, WeightsFile file, WeightForm form, IReadOnlyList<ActivationPeaks>? peaks = null, bool measurePeaks = false, Action<double>? progress = null)
    {
        if (form == WeightForm.Auto) throw new ArgumentOutOfRangeException(nameof(form), form, "Auto must be resolved before a graph is written.");
        var shape = weights.Shape;
        var graph = new OnnxGraph(file);
        LinearForm blocks = form == WeightForm.Float32 ? new Float32Linear() : new BlockLinear();

        // Down reads the most uneven input of a layer, few large values among many small ones, and q, k, v the next; one scale a token holds them badly.
        // Of the squared error that W8A8 everywhere puts on log-probabilities, down alone makes 38 %, q, k, v 29 %, gate and up 20 %, output 3 %.
        LinearForm linear = form == WeightForm.W8A8 ? new ByteLinear() : blocks;
        graph.Input(Ids, OnnxType.Int64, "batch", "time");
        graph.Input(Last, OnnxType.Int32, "batch");
        graph.Input(Total, OnnxType.Int32);
        graph.Input(Picks, OnnxType.Int64, "picks");
        graph.Output(Logits, OnnxType.Float, "picks", shape.Vocabulary);
        var (cos, sin) = weights.RotaryTables();
        graph.Constant("cos", [shape.ContextTokens, shape.HeadDimensions / 2], cos);
        graph.Constant("sin", [shape.ContextTokens, shape.HeadDimensions / 2], sin);

        var tables = VocabularyTables.Add(graph, weights, form);
        var residual = tables.AddEmbedding(graph, Ids);
        var update = ""; // what the next norm adds to the residual stream before it normalises
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = weights.Layer(i);
            if (peaks is not null) Smoothing.Apply(layer, peaks[i], shape);
            var p = $"blk.{i}.";
            void Measure(string x, int input)
            {
                if (!measurePeaks) return;
                graph.Node("Abs", [x], x + ".magnitude");
                graph.Node("ReduceMax", [x + ".magnitude", graph.Constant("token_axes", [2], [0L, 1L])], [Peak(i, input)], "", ("keepdims", 0));
                graph.Output(Peak(i, input), OnnxType.Float, "channels");
            }

            var normed = AddNorm(graph, p + "attn_norm", ref residual, update, layer.AttentionNorm, shape);
            Measure(normed, 0);
            var qkv = blocks.Add(graph, normed, p + "attn_qkv", layer.Qkv, shape.QkvRows, shape.Hidden);
            var mix = AddAttention(graph, qkv, i, shape);
            Measure(mix, 1);
            update = linear.Add(graph, mix, p + "attn_output", layer.Output, shape.Hidden, shape.Heads * shape.HeadDimensions);

            normed = AddNorm(graph, p + "ffn_norm", ref residual, update, layer.FeedForwardNorm, shape);
            Measure(normed, 2);
            var gateUp = linear.Add(graph, normed, p + "ffn_gate_up", layer.GateUp, 2 * shape.FeedForward, shape.Hidden);
            graph.Node("Split", [gateUp], [p + "gate", p + "up"], "", ("axis", -1), ("num_outputs", 2));
            graph.Node("Sigmoid", [p + "gate"], p + "sigmoid");
            graph.Node("Mul", [p + "gate", p + "sigmoid"], p + "silu");
            var gated = graph.Node("Mul", [p + "silu", p + "up"], p + "gated");
            Measure(gated, 3);
            update = blocks.Add(graph, gated, p + "ffn_down", layer.Down, shape.Hidden, shape.FeedForward);
            progress?.Invoke((i + 1.0) / shape.Layers);
        }

        var final = AddNorm(graph, "output_norm", ref residual, update, weights.FinalNorm(), shape); // [batch, time, hidden]
        graph.Node("Reshape", [final, graph.Constant("flat", [2], [-1L, shape.Hidden])], "flat_final");
        graph.Node("Gather", ["flat_final", Picks], ["picked"], "", ("axis", 0)); // [picks, hidden]
        tables.AddHead(graph, "picked", Logits);
        return graph.ToArray();
    }

    private static string AddNorm(OnnxGraph graph, string name, ref string residual, string update, float[] weight, LlamaShape shape)
    {
        var gamma = graph.Constant(name, [shape.Hidden], weight);
        if (update.Length == 0)
        {
            graph.Node("SimplifiedLayerNormalization", [residual, gamma], [name + ".y"], "", ("axis", -1), ("epsilon", shape.NormEpsilon), ("stash_type", 1));
            return name + ".y";
        }

        graph.Node("SkipSimplifiedLayerNormalization", [residual, update, gamma], [name + ".y", "", "", name + ".residual"], OnnxGraph.Microsoft, ("epsilon", shape.NormEpsilon));
        residual = name + ".residual";
        return name + ".y";
    }

    private static string AddAttention(OnnxGraph graph, string qkv, int layer, LlamaShape shape)
    {
        Dim[] cache = ["batch", shape.KeyValueHeads, "capacity", shape.HeadDimensions];
        graph.Input(PastKey(layer), OnnxType.Float, cache);
        graph.Input(PastValue(layer), OnnxType.Float, cache);
        graph.Output(PresentKey(layer), OnnxType.Float, cache);
        graph.Output(PresentValue(layer), OnnxType.Float, cache);
        var mix = $"blk.{layer}.attn_mix";
        graph.Node(
            "GroupQueryAttention",
            [qkv, "", "", PastKey(layer), PastValue(layer), Last, Total, "cos", "sin"],
            [mix, PresentKey(layer), PresentValue(layer)],
            OnnxGraph.Microsoft,
            ("num_heads", shape.Heads),
            ("kv_num_heads", shape.KeyValueHeads),
            ("do_rotary", 1));
        return mix;
    }
}

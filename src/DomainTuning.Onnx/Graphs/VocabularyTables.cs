using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The embedding and the output matrix, [vocabulary, hidden] each; one constant where the model ties them. In floats, or in 8-bit blocks from which
/// GatherBlockQuantized takes single rows.
/// </summary>
internal static class VocabularyTables
{
    private const string Embedding = "token_embd", EmbeddingRows = "token_embd.rows", Output = "output";

    /// <summary>Writes the tables.</summary>
    public static void Pack(WeightsFile file, DecoderWeights weights, WeightForm form)
    {
        var shape = weights.Shape;
        if (form != WeightForm.Float32 && shape.Hidden % ByteBlocks.Size != 0)
            throw new CheckpointException($"The model is {shape.Hidden} wide, which is no multiple of {ByteBlocks.Size}, so its embedding cannot be kept in 8-bit blocks. Load it as {nameof(WeightForm.Float32)}.");
        var kind = form == WeightForm.Float32 ? LinearKind.Float32Rows : LinearKind.Blocks8;
        file.AppendLinear(kind, Embedding, weights.Embedding());
        // GatherBlockQuantized wants rows where MatMulNBits wants blocks. Two names for the same bytes spare a Reshape, which would copy them at load.
        if (kind == LinearKind.Blocks8) file.Alias(EmbeddingRows, [shape.Vocabulary, shape.Hidden], Embedding);
        if (!shape.Tied) file.AppendLinear(kind, Output, weights.Head());
    }

    /// <summary>Adds the look-up of ids [batch, time] and returns [batch, time, hidden].</summary>
    public static string AddEmbedding(OnnxGraph graph, DecoderShape shape, PackedWeights packed, string ids, AdapterNodes adapter)
    {
        var embedded = adapter.AddToEmbedding(ids, adapter.LookUp(ids, shape.Vocabulary, shape.Hidden) ?? AddLookUp(graph, packed, ids), shape.Vocabulary, shape.Hidden);
        return shape.EmbeddingScale == 1 ? embedded : graph.Node("Mul", [embedded, graph.Scalar("embedding_scale", shape.EmbeddingScale)], "embedded_scaled");
    }

    /// <summary>Adds the output matrix over x [n, hidden]: logits [n, vocabulary].</summary>
    public static void AddHead(OnnxGraph graph, DecoderShape shape, PackedWeights packed, string x, string logits, AdapterNodes adapter)
    {
        var linear = packed.Linears[shape.Tied ? Embedding : Output];
        string Multiply(string y) => LinearForm.Of(linear.Kind).Add(graph, x, linear.Name, linear.Rows, linear.Columns, y, flat: true);
        if (adapter.ChangesHead) graph.Node("Identity", [adapter.AddHead(x, linear.Rows, linear.Columns, () => Multiply("product"))], logits);
        else Multiply(logits);
    }

    private static string AddLookUp(OnnxGraph graph, PackedWeights packed, string ids)
    {
        if (packed.Linears[Embedding].Kind == LinearKind.Float32Rows) return graph.Node("Gather", [graph.Stored(Embedding), ids], "embedded");
        string[] inputs = [graph.Stored(EmbeddingRows), ids, graph.Stored(Embedding + ".scale")];
        if (graph.Stores(Embedding + ".zero")) inputs = [.. inputs, graph.Stored(Embedding + ".zero")];
        return graph.Node(
            "GatherBlockQuantized", inputs, "embedded", OnnxGraph.Microsoft, ("bits", 8), ("block_size", ByteBlocks.Size), ("gather_axis", 0), ("quantize_axis", 1));
    }
}

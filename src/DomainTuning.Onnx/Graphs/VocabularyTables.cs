using DomainTuning.Checkpoints;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// The embedding and the output matrix, [vocabulary, hidden] each; one constant where the model ties them. In floats, or in 8-bit blocks from which
/// GatherBlockQuantized takes single rows.
/// </summary>
internal sealed class VocabularyTables(LlamaShape shape, WeightForm form, ByteBlocks? embedding, ByteBlocks? head)
{
    private const string EmbeddingName = "token_embd";
    private readonly string headName = shape.Tied ? EmbeddingName : "output";

    /// <summary>Reads the tables and adds their constants.</summary>
    public static VocabularyTables Add(OnnxGraph graph, LlamaWeights weights, WeightForm form)
    {
        var shape = weights.Shape;
        if (form == WeightForm.Float32)
        {
            graph.Constant(EmbeddingName, [shape.Vocabulary, shape.Hidden], weights.Embedding());
            if (!shape.Tied) graph.Constant("output", [shape.Vocabulary, shape.Hidden], weights.Head());
            return new VocabularyTables(shape, form, null, null);
        }

        if (shape.Hidden % ByteBlocks.Size != 0)
            throw new CheckpointException($"The model is {shape.Hidden} wide, which is no multiple of {ByteBlocks.Size}, so its embedding cannot be kept in 8-bit blocks. Load it as {nameof(WeightForm.Float32)}.");
        var embedding = ByteBlocks.Quantise(weights.Embedding(), shape.Vocabulary, shape.Hidden);
        return new VocabularyTables(shape, form, embedding, shape.Tied ? embedding : ByteBlocks.Quantise(weights.Head(), shape.Vocabulary, shape.Hidden));
    }

    /// <summary>Adds the look-up of ids [batch, time] and returns [batch, time, hidden].</summary>
    public string AddEmbedding(OnnxGraph graph, string ids)
    {
        if (embedding is null) return graph.Node("Gather", [EmbeddingName, ids], "embedded");
        var blocks = shape.Hidden / ByteBlocks.Size;
        graph.Constant(EmbeddingName, [shape.Vocabulary, blocks, ByteBlocks.Size], embedding.Values);
        graph.Constant(EmbeddingName + ".scale", [shape.Vocabulary, blocks], embedding.Scales);
        graph.Node("Reshape", [EmbeddingName, graph.Constant("table", [2], [(long)shape.Vocabulary, shape.Hidden])], "embedding_rows");
        string[] inputs = ["embedding_rows", ids, EmbeddingName + ".scale"];
        if (embedding.ZeroPoints is { } zeroPoints) inputs = [.. inputs, graph.Constant(EmbeddingName + ".zero", [shape.Vocabulary, blocks], zeroPoints)];
        return graph.Node(
            "GatherBlockQuantized", inputs, "embedded", OnnxGraph.Microsoft, ("bits", 8), ("block_size", ByteBlocks.Size), ("gather_axis", 0), ("quantize_axis", 1));
    }

    /// <summary>Adds the output matrix over x [n, hidden]: logits [n, vocabulary].</summary>
    public void AddHead(OnnxGraph graph, string x, string logits)
    {
        if (form == WeightForm.Float32)
            graph.Node("Gemm", [x, headName], [logits], "", ("transB", 1));
        else
            BlockLinear.Add(graph, x, headName, head!, shape.Vocabulary, shape.Hidden, logits);
    }
}

using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>How one linear layer y = x Wᵀ becomes ONNX nodes. One instance serves one graph.</summary>
internal abstract class LinearForm
{
    /// <summary>Adds the layer and returns the name of y.</summary>
    /// <param name="x">Name of the input [..., columns].</param>
    /// <param name="name">Prefix of the constants and nodes; unique in the graph.</param>
    /// <param name="w">[rows, columns] as in the checkpoint. May be overwritten.</param>
    public abstract string Add(OnnxGraph graph, string x, string name, float[] w, int rows, int columns);
}

/// <summary>32-bit floats and a plain MatMul.</summary>
internal sealed class Float32Linear : LinearForm
{
    public override string Add(OnnxGraph graph, string x, string name, float[] w, int rows, int columns)
    {
        var transposed = new float[w.Length]; // [columns, rows]
        Transpose.Run<float>(w, transposed, rows, columns);
        return graph.Node("MatMul", [x, graph.Constant(name, [columns, rows], transposed)], name + ".y");
    }
}

/// <summary>8-bit blocks of 32 through MatMulNBits, whose fast path quantises the activations per block too.</summary>
internal sealed class BlockLinear : LinearForm
{
    public override string Add(OnnxGraph graph, string x, string name, float[] w, int rows, int columns) =>
        Add(graph, x, name, ByteBlocks.Quantise(w, rows, columns), rows, columns, name + ".y");

    /// <summary>The same for weights that are quantised already, such as an output matrix that is also the embedding.</summary>
    public static string Add(OnnxGraph graph, string x, string name, ByteBlocks blocks, int rows, int columns, string y)
    {
        var blocksPerRow = blocks.Scales.Length / rows;
        string[] inputs =
        [
            x,
            graph.Constant(name, [rows, blocksPerRow, ByteBlocks.Size], blocks.Values),
            graph.Constant(name + ".scale", [rows, blocksPerRow], blocks.Scales),
        ];
        if (blocks.ZeroPoints is { } zeroPoints) inputs = [.. inputs, graph.Constant(name + ".zero", [rows, blocksPerRow], zeroPoints)];
        return graph.Node("MatMulNBits", inputs, y, OnnxGraph.Microsoft, ("K", columns), ("N", rows), ("bits", 8), ("block_size", ByteBlocks.Size), ("accuracy_level", 4));
    }
}

/// <summary>
/// 8-bit weights, one scale an output channel, times 8-bit activations, one scale a token. The kernel reads only the first element of the activations'
/// scale, so that scale stays a scalar: x / max|x| is quantised with 1/127, and the product is multiplied by max|x| afterwards.
/// </summary>
internal sealed class ByteLinear : LinearForm
{
    private const float Steps = 127;
    private readonly HashSet<string> quantised = [];

    public override string Add(OnnxGraph graph, string x, string name, float[] w, int rows, int columns)
    {
        var scales = new float[rows];
        var bytes = new sbyte[w.Length];
        for (var row = 0; row < rows; row++)
        {
            var values = w.AsSpan(row * columns, columns);
            var scale = Math.Abs(TensorPrimitives.MaxMagnitude(values)) / Steps;
            if (scale == 0) scale = 1;
            scales[row] = scale / Steps;
            TensorPrimitives.Multiply(values, 1 / scale, values);
            TensorPrimitives.Round(values, values);
            TensorPrimitives.ConvertSaturating<float, sbyte>(values, bytes.AsSpan(row * columns, columns));
        }

        var transposed = new sbyte[bytes.Length]; // [columns, rows]
        Transpose.Run<sbyte>(bytes, transposed, rows, columns);
        var (u8, largest) = QuantiseTokens(graph, x);
        graph.Node(
            "MatMulIntegerToFloat",
            [u8, graph.Constant(name, [columns, rows], transposed), graph.Scalar("one", 1f), graph.Constant(name + ".scale", [rows], scales), graph.Scalar("token.zero", (byte)128)],
            name + ".unit",
            OnnxGraph.Microsoft);
        return graph.Node("Mul", [name + ".unit", largest], name + ".y");
    }

    /// <summary>x [batch, time, columns] as bytes of the same shape, and max|x| [batch, time, 1]. Layers that read the same x share them.</summary>
    private (string Bytes, string Largest) QuantiseTokens(OnnxGraph graph, string x)
    {
        var (bytes, largest) = (x + ".bytes", x + ".largest");
        if (!quantised.Add(x)) return (bytes, largest);
        graph.Node("Abs", [x], x + ".abs");
        graph.Node("ReduceMax", [x + ".abs", graph.Constant("last_axis", [1], [-1L])], [x + ".peak"], "", ("keepdims", 1));
        graph.Node("Max", [x + ".peak", graph.Scalar("token.tiny", 1e-10f)], largest); // a row of zeros must not divide by zero
        graph.Node("Div", [x, largest], x + ".ratio");
        graph.Node("QuantizeLinear", [x + ".ratio", graph.Scalar("token.scale", 1 / Steps), graph.Scalar("token.zero", (byte)128)], bytes);
        return (bytes, largest);
    }
}

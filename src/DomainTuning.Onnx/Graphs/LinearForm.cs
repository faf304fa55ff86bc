using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Graphs;

/// <summary>The form of one linear layer.</summary>
internal enum LinearKind
{
    /// <summary>32-bit floats, transposed for MatMul.</summary>
    Float32,

    /// <summary>32-bit floats as in the checkpoint: for a matrix whose rows are also looked up.</summary>
    Float32Rows,

    /// <summary>8-bit blocks of 32 (<see cref="ByteBlocks"/>).</summary>
    Blocks8,

    /// <summary>8-bit weights a channel times 8-bit activations a token.</summary>
    W8A8,
}

/// <summary>How one linear layer y = x Wᵀ is stored, and how it becomes ONNX nodes. Stateless.</summary>
internal abstract class LinearForm
{
    private static readonly LinearForm Floats = new Float32Linear(), Rows = new Float32RowsLinear(), Blocks = new BlockLinear(), Bytes = new ByteLinear();

    public static LinearForm Of(LinearKind kind) => kind switch
    {
        LinearKind.Float32 => Floats,
        LinearKind.Float32Rows => Rows,
        LinearKind.Blocks8 => Blocks,
        LinearKind.W8A8 => Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such form."),
    };

    /// <summary>Writes the layer's tensors.</summary>
    /// <param name="w">[rows, columns] as in the checkpoint. May be overwritten.</param>
    public abstract void Pack(WeightsFile file, string name, float[] w, int rows, int columns);

    /// <summary>Adds the layer's nodes, which give <paramref name="y"/>, and returns that name.</summary>
    /// <param name="x">Name of the input [..., columns].</param>
    public abstract string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y);
}

/// <summary>32-bit floats and a plain MatMul.</summary>
internal sealed class Float32Linear : LinearForm
{
    public override void Pack(WeightsFile file, string name, float[] w, int rows, int columns)
    {
        var transposed = new float[w.Length]; // [columns, rows]
        Transpose.Run<float>(w, transposed, rows, columns);
        file.Append(name, [columns, rows], transposed);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y) => graph.Node("MatMul", [x, graph.Stored(name)], y);
}

/// <summary>32-bit floats, row by row; x has two dimensions.</summary>
internal sealed class Float32RowsLinear : LinearForm
{
    public override void Pack(WeightsFile file, string name, float[] w, int rows, int columns) => file.Append(name, [rows, columns], w);

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y) =>
        graph.Node("Gemm", [x, graph.Stored(name)], y, "", ("transB", 1));
}

/// <summary>8-bit blocks of 32 through MatMulNBits, whose fast path quantises the activations per block too.</summary>
internal sealed class BlockLinear : LinearForm
{
    public override void Pack(WeightsFile file, string name, float[] w, int rows, int columns)
    {
        var blocks = ByteBlocks.Quantise(w, rows, columns);
        var blocksPerRow = blocks.Scales.Length / rows;
        file.Append(name, [rows, blocksPerRow, ByteBlocks.Size], blocks.Values);
        file.Append(name + ".scale", [rows, blocksPerRow], blocks.Scales);
        if (blocks.ZeroPoints is { } zeroPoints) file.Append(name + ".zero", [rows, blocksPerRow], zeroPoints);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y)
    {
        string[] inputs = [x, graph.Stored(name), graph.Stored(name + ".scale")];
        if (graph.Stores(name + ".zero")) inputs = [.. inputs, graph.Stored(name + ".zero")];
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

    public override void Pack(WeightsFile file, string name, float[] w, int rows, int columns)
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
        file.Append(name, [columns, rows], transposed);
        file.Append(name + ".scale", [rows], scales);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y)
    {
        var (bytes, largest) = QuantiseTokens(graph, x);
        graph.Node(
            "MatMulIntegerToFloat",
            [bytes, graph.Stored(name), graph.Scalar("one", 1f), graph.Stored(name + ".scale"), graph.Scalar("token.zero", (byte)128)],
            name + ".unit",
            OnnxGraph.Microsoft);
        return graph.Node("Mul", [name + ".unit", largest], y);
    }

    /// <summary>x [batch, time, columns] as bytes of the same shape, and max|x| [batch, time, 1]. Layers that read the same x share them.</summary>
    private static (string Bytes, string Largest) QuantiseTokens(OnnxGraph graph, string x)
    {
        var (bytes, largest) = (x + ".bytes", x + ".largest");
        if (graph.Produces(bytes)) return (bytes, largest);
        graph.Node("Abs", [x], x + ".abs");
        graph.Node("ReduceMax", [x + ".abs", graph.Constant("last_axis", [1], [-1L])], [x + ".peak"], "", ("keepdims", 1));
        graph.Node("Max", [x + ".peak", graph.Scalar("token.tiny", 1e-10f)], largest); // a row of zeros must not divide by zero
        graph.Node("Div", [x, largest], x + ".ratio");
        graph.Node("QuantizeLinear", [x + ".ratio", graph.Scalar("token.scale", 1 / Steps), graph.Scalar("token.zero", (byte)128)], bytes);
        return (bytes, largest);
    }
}

using DomainTuning.Checkpoints.Decoders;

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

    /// <summary>4-bit blocks of 32 with a minimum each (<see cref="NibbleBlocks"/>).</summary>
    Blocks4,
}

/// <summary>How one linear layer y = x Wᵀ is stored, and how it becomes ONNX nodes. Stateless. Its bias is added by whoever asks for the nodes.</summary>
internal abstract class LinearForm
{
    private static readonly LinearForm Floats = new Float32Linear(), Rows = new Float32RowsLinear(), Blocks8 = new ByteBlockLinear(), Bytes = new ByteLinear(), Blocks4 = new NibbleBlockLinear();

    public static LinearForm Of(LinearKind kind) => kind switch
    {
        LinearKind.Float32 => Floats,
        LinearKind.Float32Rows => Rows,
        LinearKind.Blocks8 => Blocks8,
        LinearKind.W8A8 => Bytes,
        LinearKind.Blocks4 => Blocks4,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such form."),
    };

    /// <summary>Writes the layer's tensors as parts of one entry.</summary>
    public abstract void Pack(WeightsFile file, string name, LinearWeights w);

    /// <summary>Adds the layer's nodes, which give <paramref name="y"/>, and returns that name.</summary>
    /// <param name="x">Name of the input, [batch, time, columns] or, when <paramref name="flat"/>, [tokens, columns].</param>
    public abstract string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat);
}

/// <summary>32-bit floats and a plain MatMul.</summary>
internal sealed class Float32Linear : LinearForm
{
    public override void Pack(WeightsFile file, string name, LinearWeights w)
    {
        var transposed = file.Open<float>(name, [w.Columns, w.Rows]);
        w.Slices((first, count, values) => transposed.WriteTransposed(first, count, values, w.Columns, w.Rows), file.CancellationToken);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat) => graph.Node("MatMul", [x, graph.Stored(name)], y);
}

/// <summary>32-bit floats, row by row; x has two dimensions.</summary>
internal sealed class Float32RowsLinear : LinearForm
{
    public override void Pack(WeightsFile file, string name, LinearWeights w)
    {
        var tensor = file.Open<float>(name, [w.Rows, w.Columns]);
        w.Slices((first, count, values) => tensor.Write((long)first * w.Columns, values.AsSpan(0, count * w.Columns)), file.CancellationToken);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat) =>
        graph.Node("Gemm", [x, graph.Stored(name)], y, "", ("transB", 1));
}

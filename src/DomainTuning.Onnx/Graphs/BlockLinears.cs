using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>8-bit blocks of 32 through MatMulNBits, whose fast path quantises the activations per block too.</summary>
internal sealed class ByteBlockLinear : LinearForm
{
    private const byte Middle = 128;

    public override void Pack(WeightsFile file, string name, LinearWeights w)
    {
        var (rows, blocksPerRow) = (w.Rows, (w.Columns + ByteBlocks.Size - 1) / ByteBlocks.Size);
        var values = file.Open<byte>(name, [rows, blocksPerRow, ByteBlocks.Size]);
        var scales = file.Open<float>(name + ".scale", [rows, blocksPerRow]);
        var zeroPoints = new byte[(long)rows * blocksPerRow];
        void Write(int first, ByteBlocks blocks)
        {
            values.Write((long)first * blocksPerRow * ByteBlocks.Size, blocks.Values);
            scales.Write((long)first * blocksPerRow, blocks.Scales);
            var zero = zeroPoints.AsSpan(first * blocksPerRow, blocks.Scales.Length);
            if (blocks.ZeroPoints is null) zero.Fill(Middle);
            else blocks.ZeroPoints.CopyTo(zero);
        }

        if (w.StoredType is { } type && ByteBlocks.Holds(type)) w.StoredSlices((first, count, bytes) => Write(first, ByteBlocks.From(type, bytes, count * blocksPerRow)), file.CancellationToken);
        else w.Slices((first, count, floats) => Write(first, ByteBlocks.Quantise(floats, count, w.Columns)), file.CancellationToken);
        if (zeroPoints.AsSpan().ContainsAnyExcept(Middle)) file.Part<byte>(name + ".zero", [rows, blocksPerRow], zeroPoints);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat)
    {
        string[] inputs = [x, graph.Stored(name), graph.Stored(name + ".scale")];
        if (graph.Stores(name + ".zero")) inputs = [.. inputs, graph.Stored(name + ".zero")];
        return graph.Node("MatMulNBits", inputs, y, OnnxGraph.Microsoft, ("K", columns), ("N", rows), ("bits", 8), ("block_size", ByteBlocks.Size), ("accuracy_level", 4));
    }
}

/// <summary>
/// 4-bit blocks of 32. MatMulNBits does the part around the zero point 8; what the minimum of a block adds is the sum of x over the block times the
/// minimum, a small product of its own. Layers that read the same x share the sums. Zero points of floats would say it in one node, at a tenth of the speed.
/// </summary>
internal sealed class NibbleBlockLinear : LinearForm
{
    public override void Pack(WeightsFile file, string name, LinearWeights w)
    {
        var (rows, blocksPerRow) = (w.Rows, w.Columns / NibbleBlocks.Size);
        var values = file.Open<byte>(name, [rows, blocksPerRow, NibbleBlocks.Size / 2]);
        var scales = file.Open<float>(name + ".scale", [rows, blocksPerRow]);
        var minima = new float[(long)rows * blocksPerRow];
        void Write(int first, NibbleBlocks blocks)
        {
            values.Write((long)first * blocksPerRow * NibbleBlocks.Size / 2, blocks.Values);
            scales.Write((long)first * blocksPerRow, blocks.Scales);
            blocks.Minima.CopyTo(minima.AsSpan(first * blocksPerRow));
        }

        if (w.StoredType is { } type && NibbleBlocks.Holds(type)) w.StoredSlices((first, count, bytes) => Write(first, NibbleBlocks.From(type, bytes, count * blocksPerRow)), file.CancellationToken);
        else w.Slices((first, count, floats) => Write(first, NibbleBlocks.Quantise(floats, count * blocksPerRow)), file.CancellationToken);
        if (minima.AsSpan().ContainsAnyExcept(0)) file.Open<float>(name + ".min", [blocksPerRow, rows]).WriteTransposed(0, rows, minima, blocksPerRow, rows);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat)
    {
        (string, object)[] attributes = [("K", columns), ("N", rows), ("bits", 4), ("block_size", NibbleBlocks.Size), ("accuracy_level", 4)];
        string[] inputs = [x, graph.Stored(name), graph.Stored(name + ".scale")];
        if (!graph.Stores(name + ".min")) return graph.Node("MatMulNBits", inputs, y, OnnxGraph.Microsoft, attributes);
        graph.Node("MatMulNBits", inputs, name + ".around", OnnxGraph.Microsoft, attributes);
        graph.Node("MatMul", [Sums(graph, x, columns, flat), graph.Stored(name + ".min")], name + ".minima");
        return graph.Node("Add", [name + ".around", name + ".minima"], y);
    }

    /// <summary>x [..., columns] summed over blocks, [..., columns / 32].</summary>
    private static string Sums(OnnxGraph graph, string x, int columns, bool flat)
    {
        var sums = x + ".sums";
        if (graph.Produces(sums)) return sums;
        graph.Node("Reshape", [x, flat ? graph.Constant($"blocks.{columns}", [3], [0L, columns / NibbleBlocks.Size, NibbleBlocks.Size]) : graph.Constant($"blocks.{columns}", [4], [0L, 0L, columns / NibbleBlocks.Size, NibbleBlocks.Size])], x + ".blocks");
        graph.Node("ReduceSum", [x + ".blocks", graph.Constant("last_axis", [1], [-1L])], [sums], "", ("keepdims", 0));
        return sums;
    }
}

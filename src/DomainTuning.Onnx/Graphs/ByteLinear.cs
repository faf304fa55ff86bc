using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// 8-bit weights, one scale an output channel, times 8-bit activations, one scale a token. The kernel reads only the first element of the activations'
/// scale, so that scale stays a scalar: x / max|x| is quantised with 1/127, and the product is multiplied by max|x| afterwards.
/// </summary>
internal sealed class ByteLinear : LinearForm
{
    private const float Steps = 127;

    public override void Pack(WeightsFile file, string name, LinearWeights w)
    {
        var (rows, columns) = (w.Rows, w.Columns);
        var scales = new float[rows];
        var tensor = file.Open<sbyte>(name, [columns, rows]);
        w.Slices((first, count, floats) =>
        {
            var bytes = new sbyte[count * columns];
            for (var row = 0; row < count; row++)
            {
                var values = floats.AsSpan(row * columns, columns);
                var scale = Math.Abs(TensorPrimitives.MaxMagnitude(values)) / Steps;
                if (scale == 0) scale = 1;
                scales[first + row] = scale / Steps;
                TensorPrimitives.Multiply(values, 1 / scale, values);
                TensorPrimitives.Round(values, values);
                TensorPrimitives.ConvertSaturating<float, sbyte>(values, bytes.AsSpan(row * columns, columns));
            }

            tensor.WriteTransposed(first, count, bytes, columns, rows);
        }, file.CancellationToken);
        file.Part<float>(name + ".scale", [rows], scales);
    }

    public override string Add(OnnxGraph graph, string x, string name, int rows, int columns, string y, bool flat)
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

using DomainTuning.Onnx.Encoders;
using DomainTuning.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Tests.Encoders;

public sealed class RowQuantisationTests
{
    private const int Inner = 32, Columns = 8;

    private static readonly float[] Weights = [.. Enumerable.Range(0, Inner * Columns).Select(i => (float)(sbyte)(i * 37 % 255 - 127))];

    [Fact]
    public void ProductsThatShareActivationsAreRewrittenTogether()
    {
        var rewritten = RowQuantisation.Apply(OnnxModelFile.Read(Quantised()))!;
        float[] x = [.. Enumerable.Range(0, 3 * Inner).Select(i => MathF.Sin(i) * (i / Inner == 1 ? 1000 : 1))];
        Array.Clear(x, 2 * Inner, Inner); // a row of zeros

        var together = Run(rewritten, x, 3);

        for (var row = 0; row < 3; row++)
        {
            var alone = Run(rewritten, x[(row * Inner)..((row + 1) * Inner)], 1);
            Assert.Equal(alone, together[(row * Columns)..((row + 1) * Columns)]);
            for (var column = 0; column < Columns; column++)
            {
                var exact = Enumerable.Range(0, Inner).Sum(k => x[row * Inner + k] * Weights[k * Columns + column] * 0.01f * (column + 1)) * 3;
                Assert.Equal(exact, together[row * Columns + column], 0.01f * 127 * Inner * (row == 1 ? 10 : 0.01f) * (column + 1) + 1e-6f);
            }
        }
    }

    [Fact]
    public void OneScaleATensorDoesDependOnTheOtherRows()
    {
        // Why the rewrite exists: the same row, alone and beside a large one.
        float[] x = [.. Enumerable.Range(0, 2 * Inner).Select(i => MathF.Sin(i) * (i < Inner ? 1 : 1000))];

        Assert.NotEqual(Run(Quantised(), x[..Inner], 1), Run(Quantised(), x, 2)[..Columns]);
    }

    [Fact]
    public void AFloatGraphHasNothingToRewrite()
    {
        var graph = new OnnxGraph();
        graph.Input("x", OnnxType.Float, "rows", Inner);
        graph.Output("y", OnnxType.Float, "rows", Columns);
        graph.Node("MatMul", ["x", graph.Constant("w", [Inner, Columns], Weights)], "y");

        Assert.Null(RowQuantisation.Apply(OnnxModelFile.Read(graph.ToArray())));
    }

    [Fact]
    public void AQuantisedGraphOfAnotherShapeIsLeftAsItIs()
    {
        var graph = new OnnxGraph();
        graph.Input("x", OnnxType.Float, "rows", Inner);
        graph.Output("y", OnnxType.Float, "rows", Inner);
        graph.Node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]);
        graph.Node("DequantizeLinear", ["q", "s", "z"], "y");
        var model = graph.ToArray();

        Assert.Null(RowQuantisation.Apply(OnnxModelFile.Read(model)));
    }

    [Fact]
    public void AModelThatIsOnlyCopiedStaysTheSame()
    {
        float[] x = [.. Enumerable.Range(0, 2 * Inner).Select(i => MathF.Cos(i))];

        Assert.Equal(Run(Quantised(), x, 2), Run(OnnxModelFile.Read(Quantised()).ToArray([]), x, 2));
    }

    /// <summary>y = x·W·scale + 2·(x·W·scale) in the shape that ONNX Runtime's quantize_dynamic writes: one DynamicQuantizeLinear, two products.</summary>
    private static byte[] Quantised()
    {
        var graph = new OnnxGraph();
        graph.Input("x", OnnxType.Float, "rows", Inner);
        graph.Output("y", OnnxType.Float, "rows", Columns);
        sbyte[] weights = [.. Weights.Select(value => (sbyte)value)];
        float[] scale = [.. Enumerable.Range(1, Columns).Select(column => 0.01f * column)];
        graph.Node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]);
        foreach (var (name, factor) in new[] { ("a", 1f), ("b", 2f) })
        {
            graph.Node("MatMulInteger", ["q", graph.Constant(name + "_w", [Inner, Columns], weights), "z", graph.Constant(name + "_zero", [Columns], new sbyte[Columns])], name + "_int");
            graph.Node("Cast", [name + "_int"], name + "_float", "", ("to", 1));
            graph.Node("Mul", ["s", graph.Constant(name + "_scale", [Columns], [.. scale.Select(value => value * factor)])], name + "_scales");
            graph.Node("Mul", [name + "_float", name + "_scales"], name + "_y");
        }

        graph.Node("Add", ["a_y", "b_y"], "y");
        return graph.ToArray();
    }

    private static float[] Run(byte[] model, float[] x, int rows)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.x64quantprecision", "1");
        using var session = new InferenceSession(model, options);
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(x, [rows, Inner]);
        using var outputs = session.Run(run, ["x"], [input], ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}

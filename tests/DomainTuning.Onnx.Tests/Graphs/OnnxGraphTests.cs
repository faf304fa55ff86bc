using DomainTuning.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class OnnxGraphTests
{
    [Fact]
    public void AGraphWithInlineAndStoredConstantsRuns()
    {
        using var folder = new TemporaryFolder();
        var large = Enumerable.Range(0, 2048).Select(i => (float)i).ToArray(); // [2, 1024]
        PackedWeights packed;
        using (var weights = new WeightsFile(folder.Path, TestContext.Current.CancellationToken))
        {
            weights.Append("padding", [300], new float[300]);
            weights.Append("large", [2, 1024], large);
            weights.Complete();
            packed = weights.Packed;
        }

        var graph = new OnnxGraph(packed);
        graph.Input("x", OnnxType.Float, "batch", 2);
        graph.Output("y", OnnxType.Float, "batch", 1024);
        graph.Node("MatMul", ["x", graph.Stored("large")], "product");
        graph.Node("Add", ["product", graph.Scalar("one", 1f)], "y");
        File.WriteAllBytes(folder["model.onnx"], graph.ToArray());
        using var session = new InferenceSession(folder["model.onnx"]);
        using var x = OrtValue.CreateTensorValueFromMemory([2f, 3f], [1, 2]);
        using var run = new RunOptions();
        using var results = session.Run(run, ["x"], [x], ["y"]);

        var y = results[0].GetTensorDataAsSpan<float>();
        for (var i = 0; i < 1024; i++) Assert.Equal(2 * large[i] + 3 * large[1024 + i] + 1, y[i]);
        Assert.Equal(4096 + 2048 * sizeof(float), new FileInfo(folder["weights.bin"]).Length);
    }

    [Fact]
    public void AConstantWhoseShapeDoesNotFitIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => new OnnxGraph().Constant("w", [2, 3], new float[5]));

        Assert.Contains("'w' has 5 values, its shape [2, 3] asks for 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CancellingStopsTheWeightsFile()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        using var weights = new WeightsFile(folder.Path, source.Token);
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => weights.Append("w", [10], new float[10]));
    }
}

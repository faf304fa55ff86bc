using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// Multiplies the largest bytes there are and compares with the true sum. AVX2 without VNNI adds pairs of unsigned × signed products in 16 bits
/// (vpmaddubsw): 2 × 255 × 127 = 64,770 does not fit and is cut to 32,767, silently. ONNX Runtime avoids that when told to widen them, which takes
/// twice the time; so it is told only where it is needed, and this finds out.
/// </summary>
internal static class ByteProducts
{
    private const int Inner = 64, Columns = 32;

    private static readonly Lazy<bool> NeedWidening = new(() => !AreExact(widened: false));

    /// <summary>Whether they are exact here in sessions that <see cref="Configure"/> has seen.</summary>
    public static bool AreExact() => !NeedWidening.Value || AreExact(widened: true);

    /// <summary>Has a session widen byte products where the processor would saturate them.</summary>
    public static void Configure(SessionOptions options) => Widen(options, NeedWidening.Value);

    private static void Widen(SessionOptions options, bool widened) => options.AddSessionConfigEntry("session.x64quantprecision", widened ? "1" : "0");

    private static bool AreExact(bool widened)
    {
        var graph = new OnnxGraph();
        graph.Input("a", OnnxType.UInt8, "m", Inner);
        graph.Output("y", OnnxType.Float, "m", Columns);
        graph.Constant("w", [Inner, Columns], [.. Enumerable.Repeat((sbyte)127, Inner * Columns)]);
        graph.Node(
            "MatMulIntegerToFloat",
            ["a", "w", graph.Scalar("a_scale", 1f), graph.Constant("w_scale", [Columns], Enumerable.Repeat(1f, Columns).ToArray()), graph.Scalar("a_zero", (byte)0)],
            "y",
            OnnxGraph.Microsoft);

        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = 1 };
        Widen(options, widened);
        using var session = new InferenceSession(graph.ToArray(), options);
        using var run = new RunOptions();
        foreach (var rows in new[] { 1, 7 }) // one row and several take different kernels
        {
            using var a = OrtValue.CreateTensorValueFromMemory([.. Enumerable.Repeat(byte.MaxValue, rows * Inner)], [rows, Inner]);
            using var results = session.Run(run, ["a"], [a], ["y"]);
            foreach (var y in results[0].GetTensorDataAsSpan<float>())
                if (y != 255f * 127 * Inner) return false;
        }

        return true;
    }
}

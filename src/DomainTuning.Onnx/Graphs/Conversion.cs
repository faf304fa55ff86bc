using System.Globalization;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// One conversion of a checkpoint into an ONNX model, in a folder of its own that is thrown away when anything goes wrong. W8A8 is converted in
/// two rounds: a reference graph reads the calibration text and shows how large each activation gets, then the smoothed graph is written and must
/// predict the check text as well as the reference did.
/// </summary>
internal sealed class Conversion(LlamaWeights weights, CalibrationText text, string folder, int threads, Action<string, double> report, CancellationToken cancellationToken)
{
    public const string ModelFile = "model.onnx", WeightsFileName = "weights.bin";

    /// <summary>
    /// How much worse than the reference W8A8 may predict, in nats a token. Default 0.03, 3 % of perplexity: unsmoothed W8A8 of the shipped model costs
    /// 0.025, smoothed 0.005, saturating byte products whole units.
    /// </summary>
    public const double LargestLoss = 0.03;

    private readonly LlamaShape shape = weights.Shape;

    public sealed record Result(WeightForm Form, string? Rejected, double Nll, WeightForm? ReferenceForm, double? ReferenceNll);

    /// <summary>Leaves model.onnx and weights.bin in the folder.</summary>
    public Result Run(WeightForm form)
    {
        if (form != WeightForm.W8A8)
        {
            Write(folder, form, from: 0, to: 0.7);
            return new Result(form, null, Check(0.75), null, null);
        }

        var (peaks, referenceForm, referenceNll) = MeasureReference();
        Write(folder, WeightForm.W8A8, from: 0.6, to: 0.85, peaks);
        var nll = Check(0.9);
        if (nll <= referenceNll + LargestLoss) return new Result(WeightForm.W8A8, null, nll, referenceForm, referenceNll);

        var rejected = string.Create(
            CultureInfo.InvariantCulture, $"W8A8 predicts the check text with {nll:F4} nats a token, the {referenceForm} reference with {referenceNll:F4}; at most {LargestLoss} more is accepted.");
        Write(folder, WeightForm.Blocks8, from: 0.9, to: 0.98);
        return new Result(WeightForm.Blocks8, rejected, Check(0.98), referenceForm, referenceNll);
    }

    /// <summary>Float32 where it fits into half of the memory beside its packed copy; else 8-bit blocks, which lie within 0.005 nats of it.</summary>
    public static WeightForm ReferenceForm(LlamaShape shape, long memoryBytes) =>
        shape.Parameters * sizeof(float) * 2 < memoryBytes / 2 ? WeightForm.Float32 : WeightForm.Blocks8;

    private (ActivationPeaks[] Peaks, WeightForm Form, double Nll) MeasureReference()
    {
        var form = ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var referenceFolder = Path.Combine(folder, "reference");
        Directory.CreateDirectory(referenceFolder);
        Write(referenceFolder, form, from: 0, to: 0.15, measurePeaks: true);
        report("measuring activations", 0.15);
        ActivationPeaks[] peaks;
        double nll;
        using (var session = Open(referenceFolder))
        {
            peaks = [.. Enumerable.Range(0, shape.Layers).Select(_ => new ActivationPeaks(
                new float[shape.Hidden], new float[shape.Heads * shape.HeadDimensions], new float[shape.Hidden], new float[shape.FeedForward]))];
            for (var i = 0; i < text.Windows.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                session.AddPeaks(text.Windows[i], peaks, text.Windows.Count);
                report("measuring activations", 0.2 + 0.35 * (i + 1) / text.Windows.Count);
            }

            nll = text.MeanNll(session, cancellationToken);
        }

        Directory.Delete(referenceFolder, recursive: true);
        return (peaks, form, nll);
    }

    private void Write(string target, WeightForm form, double from, double to, ActivationPeaks[]? peaks = null, bool measurePeaks = false)
    {
        var stage = $"writing weights ({form})";
        report(stage, from);
        using var file = new WeightsFile(Path.Combine(target, WeightsFileName), cancellationToken);
        var model = LlamaGraph.Write(weights, file, form, peaks, measurePeaks, done => report(stage, from + (to - from) * done));
        file.Complete();
        File.WriteAllBytes(Path.Combine(target, ModelFile), model);
    }

    private double Check(double fraction)
    {
        report("checking the converted model", fraction);
        using var session = Open(folder);
        return text.MeanNll(session, cancellationToken);
    }

    private DecoderSession Open(string source) => new(Path.Combine(source, ModelFile), shape, slots: 1, CalibrationText.WindowTokens, threads);
}

using System.Globalization;
using DomainTuning.Checkpoints;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// One conversion of a checkpoint into an ONNX model, in a folder of its own that is thrown away when anything goes wrong. In two rounds: a reference
/// graph reads the calibration text and shows how large each activation gets, then the smoothed graph is written and must predict the check text
/// nearly as well as the reference did.
/// </summary>
internal sealed class Conversion(LlamaWeights weights, CalibrationText text, string folder, int threads, Action<string, double> report, CancellationToken cancellationToken)
{
    public const string ModelFile = "model.onnx", WeightsFileName = "weights.bin";

    private readonly LlamaShape shape = weights.Shape;

    /// <summary>
    /// How much worse than the reference a form may predict, in nats a token. Default 0.02: smoothed blocks of the shipped model cost 0.003 on long text,
    /// and the 511 tokens of the check scatter by 0.004; saturating byte products cost whole units.
    /// </summary>
    public double LargestLoss { get; init; } = 0.02;

    public sealed record Result(WeightForm Form, string? Rejected, double Nll, WeightForm? ReferenceForm, double? ReferenceNll);

    /// <summary>Leaves model.onnx and weights.bin of the first candidate that passes in the folder.</summary>
    /// <exception cref="CheckpointException">None passes.</exception>
    public Result Run(IReadOnlyList<WeightForm> candidates)
    {
        var referenceForm = ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (candidates[0] == WeightForm.Float32 || candidates[0] == referenceForm)
        {
            Write(folder, candidates[0], from: 0, to: 0.9);
            return new Result(candidates[0], null, Check(0.9), null, null);
        }

        var (peaks, referenceNll) = MeasureReference(referenceForm);
        string? rejected = null;
        var fraction = 0.6;
        foreach (var form in candidates)
        {
            Write(folder, form, fraction, fraction + 0.1, form == WeightForm.Float32 ? null : peaks);
            var nll = Check(fraction += 0.1);
            if (nll <= referenceNll + LargestLoss) return new Result(form, rejected, nll, referenceForm, referenceNll);
            rejected += string.Create(
                CultureInfo.InvariantCulture, $"{form} predicts the check text with {nll:F4} nats a token, the {referenceForm} reference with {referenceNll:F4}; at most {LargestLoss} more is accepted. ");
        }

        throw new CheckpointException($"The model cannot be used in the form that was asked for: {rejected}Ask for {nameof(WeightForm.Auto)} or {nameof(WeightForm.Float32)}.");
    }

    /// <summary>Float32 where it fits into half of the memory beside its packed copy; else 8-bit blocks, unsmoothed, which lie within 0.005 nats of it.</summary>
    public static WeightForm ReferenceForm(LlamaShape shape, long memoryBytes) =>
        shape.Parameters * sizeof(float) * 2 < memoryBytes / 2 ? WeightForm.Float32 : WeightForm.Blocks8;

    private (ActivationPeaks[] Peaks, double Nll) MeasureReference(WeightForm form)
    {
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
        return (peaks, nll);
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

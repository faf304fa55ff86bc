using System.Globalization;
using DomainTuning.Checkpoints;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// One conversion of a checkpoint into an ONNX model, in a folder of its own that is thrown away when anything goes wrong. In two rounds: a reference
/// graph reads the calibration text and shows how large each activation gets, then the smoothed graph is written and must predict the check text
/// nearly as well as the reference did.
/// </summary>
internal sealed class Conversion(DecoderWeights weights, CalibrationText text, string folder, int threads, Action<string, double> report, CancellationToken cancellationToken)
{
    private readonly DecoderShape shape = weights.Shape;

    /// <summary>
    /// How much worse than the reference a form may predict, in nats a token. Default 0.02: smoothed blocks of the shipped model cost 0.003 on long text,
    /// and the 511 tokens of the check scatter by 0.004; saturating byte products cost whole units.
    /// </summary>
    public double LargestLoss { get; init; } = 0.02;

    public sealed record Result(WeightForm Form, string? Rejected, double Nll, WeightForm? ReferenceForm, double? ReferenceNll);

    /// <summary>Leaves weights.bin and tensors.json of the first candidate that passes in the folder.</summary>
    /// <exception cref="CheckpointException">None passes.</exception>
    public Result Run(IReadOnlyList<WeightForm> candidates)
    {
        var referenceForm = ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (candidates[0] == WeightForm.Float32 || candidates[0] == referenceForm)
        {
            return new Result(candidates[0], null, Check(Write(folder, candidates[0], from: 0, to: 0.9), 0.9), null, null);
        }

        var (peaks, referenceNll) = MeasureReference(referenceForm);
        string? rejected = null;
        var fraction = 0.6;
        foreach (var form in candidates)
        {
            var model = Write(folder, form, fraction, fraction + 0.1, form == WeightForm.Float32 ? null : peaks);
            var nll = Check(model, fraction += 0.1);
            if (nll <= referenceNll + LargestLoss) return new Result(form, rejected, nll, referenceForm, referenceNll);
            rejected += string.Create(
                CultureInfo.InvariantCulture, $"{form} predicts the check text with {nll:F4} nats a token, the {referenceForm} reference with {referenceNll:F4}; at most {LargestLoss} more is accepted. ");
        }

        throw new CheckpointException($"The model cannot be used in the form that was asked for: {rejected}Ask for {nameof(WeightForm.Auto)} or {nameof(WeightForm.Float32)}.");
    }

    /// <summary>Float32 where it fits into half of the memory beside its packed copy; else 8-bit blocks, unsmoothed, which lie within 0.005 nats of it.</summary>
    public static WeightForm ReferenceForm(DecoderShape shape, long memoryBytes) =>
        shape.Parameters * sizeof(float) * 2 < memoryBytes / 2 ? WeightForm.Float32 : WeightForm.Blocks8;

    private (ActivationPeaks[] Peaks, double Nll) MeasureReference(WeightForm form)
    {
        var referenceFolder = Path.Combine(folder, "reference");
        Directory.CreateDirectory(referenceFolder);
        var model = Write(referenceFolder, form, from: 0, to: 0.15);
        report("measuring activations", 0.15);
        ActivationPeaks[] peaks;
        double nll;
        using (var session = Open(model, measurePeaks: true))
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

    private PackedModel Write(string target, WeightForm form, double from, double to, ActivationPeaks[]? peaks = null)
    {
        var stage = $"writing weights ({form})";
        report(stage, from);
        return PackedModel.Write(target, weights, form, peaks, done => report(stage, from + (to - from) * done), cancellationToken);
    }

    private double Check(PackedModel model, double fraction)
    {
        report("checking the converted model", fraction);
        using var session = Open(model);
        return text.MeanNll(session, cancellationToken);
    }

    private DecoderSession Open(PackedModel model, bool measurePeaks = false) => new(model, slots: 1, CalibrationText.WindowTokens, threads, measurePeaks);
}

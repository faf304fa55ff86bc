using System.Globalization;
using System.Text.Json;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// One conversion of a checkpoint into an ONNX model, in a folder of its own. In two rounds: a reference graph reads the calibration text and shows how
/// large each activation gets, then the smoothed graph is written and must predict the check text nearly as well as the reference did. Large models
/// skip the first round (<see cref="WeightForms.LargeParameters"/>). Killed at any point and run again over the same folder, it goes on.
/// </summary>
internal sealed class Conversion(DecoderWeights weights, CalibrationText text, string folder, int threads, Action<string, double> report, CancellationToken cancellationToken)
{
    private const string MeasuredName = "measured.json", ReferenceName = "reference";

    private readonly DecoderShape shape = weights.Shape;

    /// <summary>In place of <see cref="WeightForms.LargestLoss"/>, for tests.</summary>
    public double? LargestLoss { get; init; }

    private bool IsLarge => shape.Parameters > WeightForms.LargeParameters;

    /// <param name="Folder">Holds weights.bin and tensors.json.</param>
    public sealed record Result(string Folder, WeightForm Form, string? Rejected, double Nll, WeightForm? ReferenceForm, double? ReferenceNll);

    /// <summary>Leaves the first candidate that passes in a folder within the folder.</summary>
    /// <exception cref="CheckpointException">None passes.</exception>
    public Result Run(IReadOnlyList<WeightForm> candidates)
    {
        var first = candidates[0];
        if (first == WeightForm.Float32 || (IsLarge && first is WeightForm.Blocks8 or WeightForm.Blocks4))
            return new Result(Place(first), first, null, Check(Write(Place(first), first, from: 0, to: 0.9), 0.9), null, null);

        var reference = Reference();
        string? rejected = null;
        var fraction = 0.6;
        foreach (var form in candidates)
        {
            var model = Write(Place(form), form, fraction, fraction + 0.1, form is WeightForm.Blocks8 or WeightForm.W8A8 ? reference.Peaks : null);
            var nll = Check(model, fraction += 0.1);
            var most = LargestLoss ?? WeightForms.LargestLoss(form);
            if (nll <= reference.Nll + most) return new Result(model.Folder, form, rejected, nll, reference.Form, reference.Nll);
            rejected += string.Create(
                CultureInfo.InvariantCulture, $"{form} predicts the check text with {nll:F4} nats a token, the {reference.Form} reference with {reference.Nll:F4}; at most {most} more is accepted. ");
        }

        throw new CheckpointException($"The model cannot be used in the form that was asked for: {rejected}Ask for {nameof(WeightForm.Auto)} or {nameof(WeightForm.Float32)}.");
    }

    /// <summary>Float32 where the model is small and fits into half of the memory beside its packed copy; else 8-bit blocks, unsmoothed, which lie within 0.005 nats of it.</summary>
    public static WeightForm ReferenceForm(DecoderShape shape, long memoryBytes) =>
        shape.Parameters <= WeightForms.LargeParameters && shape.Parameters * sizeof(float) * 2 < memoryBytes / 2 ? WeightForm.Float32 : WeightForm.Blocks8;

    private string Place(WeightForm form) => Path.Combine(folder, form.ToString().ToLowerInvariant());

    private Measured Reference()
    {
        var path = Path.Combine(folder, MeasuredName);
        if (File.Exists(path) && JsonSerializer.Deserialize<Measured>(File.ReadAllText(path)) is { } known) return known;
        var measured = MeasureReference(ReferenceForm(shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(measured));
        File.Move(path + ".new", path); // whole or not at all: forms that are half written depend on it
        Directory.Delete(Path.Combine(folder, ReferenceName), recursive: true);
        return measured;
    }

    private Measured MeasureReference(WeightForm form)
    {
        var model = Write(Path.Combine(folder, ReferenceName), form, from: 0, to: 0.15);
        report("measuring activations", 0.15);
        using var session = Open(model, measurePeaks: true);
        ActivationPeaks[] peaks =
        [
            .. Enumerable.Range(0, shape.Layers).Select(_ => new ActivationPeaks(
                new float[shape.Hidden], new float[shape.Heads * shape.HeadDimensions], new float[shape.Hidden], new float[shape.FeedForward])),
        ];
        for (var i = 0; i < text.Windows.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            session.AddPeaks(text.Windows[i], peaks, text.Windows.Count);
            report("measuring activations", 0.2 + 0.35 * (i + 1) / text.Windows.Count);
        }

        return new Measured(form, text.MeanNll(session, cancellationToken), peaks);
    }

    private PackedModel Write(string target, WeightForm form, double from, double to, ActivationPeaks[]? peaks = null)
    {
        if (File.Exists(Path.Combine(target, PackedWeights.FileName))) return PackedModel.Open(target, shape); // an earlier try came this far
        Directory.CreateDirectory(target);
        var stage = $"writing weights ({form})";
        report(stage, from);
        return PackedModel.Write(target, weights, form, peaks, done => report(stage, from + (to - from) * done), cancellationToken);
    }

    private double Check(PackedModel model, double fraction)
    {
        report("checking the converted model", fraction);
        using var session = Open(model);
        KeyValueScales.Measure(session, IsLarge ? [text.Check] : text.Windows, cancellationToken).Write(model.Folder);
        return text.MeanNll(session, cancellationToken);
    }

    private DecoderSession Open(PackedModel model, bool measurePeaks = false) => new(model, slots: 1, Math.Min(CalibrationText.WindowTokens, shape.ContextTokens), threads, measurePeaks);

    private sealed record Measured(WeightForm Form, double Nll, ActivationPeaks[] Peaks);
}

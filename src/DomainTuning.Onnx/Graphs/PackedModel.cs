using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Graphs;

/// <summary>A model whose weights lie packed in a folder: weights.bin and tensors.json. Any graph over them can be built at once.</summary>
/// <param name="Folder">Holds weights.bin.</param>
internal sealed record PackedModel(string Folder, DecoderShape Shape, PackedWeights Weights)
{
    /// <summary>Opens what a conversion left.</summary>
    /// <exception cref="Checkpoints.CheckpointException">tensors.json is missing or damaged.</exception>
    public static PackedModel Open(string folder, DecoderShape shape) => new(folder, shape, PackedWeights.Read(folder));

    /// <summary>Packs a model into a folder; goes on where an earlier try was killed.</summary>
    public static PackedModel Write(
        string folder, DecoderWeights weights, WeightForm form, IReadOnlyList<ActivationPeaks>? peaks = null, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        using var file = new WeightsFile(folder, cancellationToken);
        WeightPacking.Run(weights, file, form, peaks, progress);
        file.Complete();
        return new PackedModel(folder, weights.Shape, file.Packed);
    }
}

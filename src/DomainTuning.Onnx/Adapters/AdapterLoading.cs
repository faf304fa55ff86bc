using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>Loads adapters for one served model. One of another base, template or tokenizer is refused with the reason.</summary>
/// <param name="checkpoint">The model's file or folder, opened again for adapters that need its float weights.</param>
/// <param name="session">Its graphs.</param>
internal sealed class AdapterLoading(string checkpoint, ConvertedModel model, ChatFormat format, DecoderSession session)
{
    /// <exception cref="AdapterException">It is damaged, of a kind that is not served, or does not fit.</exception>
    public LoadedAdapter Load(AdapterPlace place)
    {
        var loaded = new LoadedAdapter(place.Name, place.IsOnnxFile ? ReadOnnx(place) : ReadPeft(place), session.Shape);
        session.Prepare(loaded);
        return loaded;
    }

    private IReadOnlyList<InputTensor> ReadPeft(AdapterPlace place)
    {
        if (AdapterCard.Read(place.Path) is { } card && card.Mismatch(model.Card.SourceSha256, format.TemplateSha256, format.TokenizerSha256) is { } reason)
            throw new AdapterException($"The adapter '{place.Path}' is not used: {reason}. Train it again for what is served, or serve what it was trained for.");
        var adapter = PeftFolder.Read(place.Path, session.Shape);
        try
        {
            using var opened = adapter.NeedsBase ? DecoderCheckpoint.Open(checkpoint) : null;
            return new AdapterInputs(session.Shape, session.Weights.Read, opened?.Weights).Build(adapter, CancellationToken.None);
        }
        catch (CheckpointException error)
        {
            throw new AdapterException($"The adapter '{place.Path}' needs the weights of its base: {error.Message}", error);
        }
    }

    private IReadOnlyList<InputTensor> ReadOnnx(AdapterPlace place)
    {
        var file = OnnxAdapterFile.Read(place.Path);
        var own = OnnxAdapterFile.VersionOf(model.Card);
        return file.ModelVersion is 0 or 1 || file.ModelVersion == own
            ? file.Inputs
            : throw new AdapterException($"The adapter '{place.Path}' was exported for another conversion of a model (version {file.ModelVersion}, served is {own}). Export it again from its PEFT folder.");
    }
}
